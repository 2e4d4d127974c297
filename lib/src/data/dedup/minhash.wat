;; The inner loops of MinHash with 128-bit SIMD: what minhash.ts does one value at a time, bit for bit.
;; After a change: npm run build:wasm
(module
  (memory (export "memory") 1)

  ;; Folds shingles into a signature: minimum[k] = min(minimum[k], shingle * factor[k] + offset[k]), 32-bit, signed.
  ;;
  ;; Sixteen values of the signature go over all shingles at a time: their factors, offsets and minima are twelve
  ;; vectors, which with the shingle and one product is what the sixteen registers of x86-64 hold. `bytes` is the
  ;; length of the signature, 4 bytes a value, a multiple of 64; factors lie at 0, offsets at `bytes`, minima at
  ;; 2 * `bytes`, shingles from `start` to `end`.
  (func (export "fold") (param $bytes i32) (param $start i32) (param $end i32)
    (local $at i32) (local $shingle i32) (local $value v128)
    (local $f0 v128) (local $f1 v128) (local $f2 v128) (local $f3 v128)
    (local $o0 v128) (local $o1 v128) (local $o2 v128) (local $o3 v128)
    (local $m0 v128) (local $m1 v128) (local $m2 v128) (local $m3 v128)
    (local $offset i32) (local $minimum i32)
    (if (i32.ge_u (local.get $start) (local.get $end)) (then (return)))
    (loop $group
      (local.set $offset (i32.add (local.get $at) (local.get $bytes)))
      (local.set $minimum (i32.add (local.get $offset) (local.get $bytes)))
      (local.set $f0 (v128.load offset=0 (local.get $at)))
      (local.set $f1 (v128.load offset=16 (local.get $at)))
      (local.set $f2 (v128.load offset=32 (local.get $at)))
      (local.set $f3 (v128.load offset=48 (local.get $at)))
      (local.set $o0 (v128.load offset=0 (local.get $offset)))
      (local.set $o1 (v128.load offset=16 (local.get $offset)))
      (local.set $o2 (v128.load offset=32 (local.get $offset)))
      (local.set $o3 (v128.load offset=48 (local.get $offset)))
      (local.set $m0 (v128.load offset=0 (local.get $minimum)))
      (local.set $m1 (v128.load offset=16 (local.get $minimum)))
      (local.set $m2 (v128.load offset=32 (local.get $minimum)))
      (local.set $m3 (v128.load offset=48 (local.get $minimum)))
      (local.set $shingle (local.get $start))
      (loop $shingles
        (local.set $value (v128.load32_splat (local.get $shingle)))
        (local.set $m0 (i32x4.min_s (local.get $m0) (i32x4.add (i32x4.mul (local.get $value) (local.get $f0)) (local.get $o0))))
        (local.set $m1 (i32x4.min_s (local.get $m1) (i32x4.add (i32x4.mul (local.get $value) (local.get $f1)) (local.get $o1))))
        (local.set $m2 (i32x4.min_s (local.get $m2) (i32x4.add (i32x4.mul (local.get $value) (local.get $f2)) (local.get $o2))))
        (local.set $m3 (i32x4.min_s (local.get $m3) (i32x4.add (i32x4.mul (local.get $value) (local.get $f3)) (local.get $o3))))
        (local.set $shingle (i32.add (local.get $shingle) (i32.const 4)))
        (br_if $shingles (i32.lt_u (local.get $shingle) (local.get $end))))
      (v128.store offset=0 (local.get $minimum) (local.get $m0))
      (v128.store offset=16 (local.get $minimum) (local.get $m1))
      (v128.store offset=32 (local.get $minimum) (local.get $m2))
      (v128.store offset=48 (local.get $minimum) (local.get $m3))
      (local.set $at (i32.add (local.get $at) (i32.const 64)))
      (br_if $group (i32.lt_u (local.get $at) (local.get $bytes)))))
)
