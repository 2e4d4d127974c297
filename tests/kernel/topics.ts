import { awaits } from "./programs/awaits.ts";
import { bindings } from "./programs/bindings.ts";
import { language } from "./programs/language.ts";
import { modules } from "./programs/modules.ts";
import { types } from "./programs/types.ts";
import { errors } from "./programs/errors.ts";
import { interrupt } from "./programs/interrupt.ts";
import { display } from "./programs/display.ts";
import { streams } from "./programs/streams.ts";
import { assist } from "./programs/assist.ts";
import { protocol } from "./programs/protocol.ts";
import type { Topic } from "./harness.ts";

export const topics: Topic[] = [awaits, bindings, language, modules, types, errors, interrupt, display, streams, assist, protocol];
