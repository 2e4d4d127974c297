export { Bpe, trainBpe, type BpeMerge } from "./bpe.js";
export { filterByLength, type LengthBounds, type LengthFault } from "./length.js";
export { countTokens, openTokenizer } from "./open.js";
export { countTextTokens, ENCODINGS, textPieces, type Encoding } from "./openai.js";
export { TemplateError, type CountOptions, type Tokenizer, type TokenizerSource } from "./tokenizer.js";
