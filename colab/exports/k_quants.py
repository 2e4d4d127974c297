"""Q4_K and Q6_K, which the package gguf reads and does not write: byte by byte as ggml's reference makes them.

The searches are those of `make_qkx2_quants` and `make_qx_quants` with the constants of `quantize_row_q4_K_ref` and
`quantize_row_q6_K_ref` (ggml/src/ggml-quants.c), all blocks side by side, each sum in fp32 and in the reference's order:
otherwise single codes differ. `npm run check:export` holds whole files against llama.cpp's own quantiser.
"""
from __future__ import annotations

import numpy as np

F = np.float32
"""Values of a super-block."""
SUPER = 256


def nearest(values: np.ndarray) -> np.ndarray:
    """ggml's rounding: 1.5 · 2²³ is added and the fraction's bits are the number; ties go to even."""
    return ((values + F(12_582_912)).view(np.int32) & 0x7FFFFF) - 0x400000


def rows_of(values: np.ndarray) -> np.ndarray:
    if values.shape[-1] % SUPER:
        raise ValueError(f"rows of {values.shape[-1]} values are not whole super-blocks of {SUPER}")
    return np.ascontiguousarray(values, dtype=F).reshape(-1, SUPER)


def quantize_q4_k(values: np.ndarray) -> np.ndarray:
    """144 bytes for 256 values: d and dmin in fp16, eight scales and minimums in 6 bits, the codes in 4."""
    rows = rows_of(values)
    blocks = rows.reshape(-1, 32)
    with np.errstate(all="ignore"):
        scales, minimums, codes = fit_q4(blocks)
        scales, minimums = scales.reshape(-1, 8), minimums.reshape(-1, 8)
        (d, six_scales), (dmin, six_minimums) = six_bits(scales), six_bits(minimums)
        step = (d.astype(F)[:, None] * six_scales.astype(F)).reshape(-1, 1)
        low = (dmin.astype(F)[:, None] * six_minimums.astype(F)).reshape(-1, 1)
        again = np.clip(nearest((blocks + low) / step), 0, 15)
        codes = np.where(step == 0, codes, again).astype(np.uint8).reshape(-1, 4, 2, 32)
    packed = codes[:, :, 0] | (codes[:, :, 1] << 4)
    made = np.concatenate([d.view(np.uint8).reshape(-1, 2), dmin.view(np.uint8).reshape(-1, 2), pack_scales(six_scales, six_minimums), packed.reshape(-1, 128)], axis=1)
    return made.reshape(*values.shape[:-1], -1)


def six_bits(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    largest = np.maximum(values.max(axis=1), F(0))
    inverse = np.where(largest > 0, F(63) / largest, F(0)).astype(F)
    return (largest / F(63)).astype(np.float16), np.minimum(63, nearest(inverse[:, None] * values) & 0xFF).astype(np.uint8)


def fit_q4(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each 32 values the scale, the minimum (its sign turned) and the codes that fit best, among 21 tries."""
    columns = [np.ascontiguousarray(x[:, i]) for i in range(32)]
    squares = np.zeros(len(x), F)
    for value in columns:
        squares += value * value
    weights = [np.sqrt(squares / F(32)) + np.abs(value) for value in columns]
    low, high, sum_w = columns[0].copy(), columns[0].copy(), weights[0].copy()
    sum_x = sum_w * columns[0]
    for value, weight in zip(columns[1:], weights[1:]):
        low, high = np.minimum(low, value), np.maximum(high, value)
        sum_w += weight
        sum_x += weight * value
    low = np.minimum(low, F(0))
    flat = high == low
    first = F(15) / (high - low)
    scale, codes = F(1) / first, [np.clip(nearest(first * (value - low)), 0, 15) for value in columns]
    least = error_of(columns, weights, codes, scale, low)
    for at in range(21):
        # Range and codes are taken from the best minimum so far, not from the block's own: so has the reference.
        inverse = (F(-1) + F(0.1) * F(at) + F(15)) / (high - low)
        tried = [np.clip(nearest(inverse * (value - low)), 0, 15) for value in columns]
        sum_l, sum_l2, sum_xl = np.zeros_like(squares), np.zeros_like(squares), np.zeros_like(squares)
        for value, weight, code in zip(columns, weights, tried):
            code = code.astype(F)
            sum_l += weight * code
            sum_l2 += weight * code * code
            sum_xl += weight * code * value
        determinant = sum_w * sum_l2 - sum_l * sum_l
        new_scale = (sum_w * sum_xl - sum_x * sum_l) / determinant
        new_low = (sum_l2 * sum_x - sum_l * sum_xl) / determinant
        new_scale = np.where(new_low > 0, sum_xl / sum_l2, new_scale)
        new_low = np.minimum(new_low, F(0))
        error = error_of(columns, weights, tried, new_scale, new_low)
        better = (determinant > 0) & (error < least)
        least, scale, low = np.where(better, error, least), np.where(better, new_scale, scale), np.where(better, new_low, low)
        codes = [np.where(better, code, known) for code, known in zip(tried, codes)]
    return np.where(flat, F(0), scale), -low, np.where(flat[:, None], 0, np.stack(codes, axis=1))


def error_of(columns, weights, codes, scale, low) -> np.ndarray:
    error = np.zeros_like(scale)
    for value, weight, code in zip(columns, weights, codes):
        difference = scale * code.astype(F) + low - value
        error += weight * (difference * difference)
    return error


def pack_scales(scales: np.ndarray, minimums: np.ndarray) -> np.ndarray:
    """The first four of each lie in bytes 0–7, the others in 8–11 and in the upper two bits of 0–7."""
    return np.concatenate([scales[:, :4] | (scales[:, 4:] >> 4 << 6), minimums[:, :4] | (minimums[:, 4:] >> 4 << 6), (scales[:, 4:] & 15) | ((minimums[:, 4:] & 15) << 4)], axis=1)


def quantize_q6_k(values: np.ndarray) -> np.ndarray:
    """210 bytes for 256 values: codes in 4 and 2 bits, sixteen scales in 8, d in fp16."""
    rows = rows_of(values)
    blocks = rows.reshape(-1, 16)
    with np.errstate(all="ignore"):
        scales, codes = fit_q6(blocks)
        scales = scales.reshape(-1, 16)
        magnitudes = np.abs(scales)
        farthest = np.take_along_axis(scales, magnitudes.argmax(axis=1)[:, None], axis=1)[:, 0]
        zero = magnitudes.max(axis=1) < F(1e-15)
        inverse = np.where(zero, F(0), F(-128) / farthest).astype(F)
        d = np.where(zero, F(0), F(1) / inverse).astype(np.float16)
        bytes_ = np.minimum(127, nearest(inverse[:, None] * scales)).astype(np.int8)
        step = (d.astype(F)[:, None] * bytes_.astype(F)).reshape(-1, 1)
        codes = np.where(step == 0, codes, np.clip(nearest(blocks / step), -32, 31) + 32)
    codes = np.where(zero[:, None], 0, codes.reshape(-1, 256)).astype(np.uint8).reshape(-1, 2, 4, 32)
    lower, upper = codes & 15, codes >> 4
    low = np.stack([lower[:, :, 0] | (lower[:, :, 2] << 4), lower[:, :, 1] | (lower[:, :, 3] << 4)], axis=2)
    high = upper[:, :, 0] | (upper[:, :, 1] << 2) | (upper[:, :, 2] << 4) | (upper[:, :, 3] << 6)
    made = np.concatenate([low.reshape(-1, 128), high.reshape(-1, 64), bytes_.view(np.uint8), d.view(np.uint8).reshape(-1, 2)], axis=1)
    return made.reshape(*values.shape[:-1], -1)


def fit_q6(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each 16 values the scale that fits best and the codes, 0 to 63, among 19 tries; a value weighs its square."""
    columns = [np.ascontiguousarray(x[:, i]) for i in range(16)]
    farthest = np.take_along_axis(x, np.abs(x).argmax(axis=1)[:, None], axis=1)[:, 0]
    zero = np.abs(farthest) < F(1e-15)
    scale = best = None
    for at in (0, *range(-9, 0), *range(1, 10)):
        inverse = -(F(32) + F(0.1) * F(at)) / farthest
        tried = [np.clip(nearest(inverse * value), -32, 31) for value in columns]
        sum_xl, sum_l2 = np.zeros_like(farthest), np.zeros_like(farthest)
        for value, code in zip(columns, tried):
            weight, code = value * value, code.astype(F)
            sum_xl += weight * value * code
            sum_l2 += weight * code * code
        if scale is None:
            scale = np.where(sum_l2 != 0, sum_xl / sum_l2, F(0))
            best, codes = scale * sum_xl, tried
            continue
        better = (sum_l2 > 0) & (sum_xl * sum_xl > best * sum_l2)
        scale = np.where(better, sum_xl / sum_l2, scale)
        best = np.where(better, scale * sum_xl, best)
        codes = [np.where(better, code, known) for code, known in zip(tried, codes)]
    return np.where(zero, F(0), scale), np.where(zero[:, None], 0, np.stack(codes, axis=1) + 32)
