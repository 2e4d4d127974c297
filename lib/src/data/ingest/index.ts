export { chunkMarkdown, chunkText, type Chunk, type ChunkOptions } from "./chunk.js";
export { chunkDocument, type DocumentKind, type PairWriter } from "./document.js";
export { htmlToMarkdown } from "./html.js";
