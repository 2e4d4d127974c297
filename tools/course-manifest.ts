/** The course outline (`chapters-61-72/outline.json`): what lessons there are and what each must say of itself. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { SOURCES } from "./paths.ts";

const Lesson = z.object({
  lesson: z.number().int().min(0),
  title: z.string(),
  objective: z.string(),
  stage: z.string(),
  minutes: z.number().int().positive(),
  concepts: z.array(z.string()).max(10),
  maps: z.string(),
  threeRoles: z.boolean(),
});
const Outline = z.object({
  chapters: z.array(
    z.object({ number: z.number().int(), title: z.string(), courseStage: z.string(), lessons: z.array(Lesson) }),
  ),
});

/** A lesson of the outline, with its chapter. `id` is "63.7". */
export type OutlineLesson = z.infer<typeof Lesson> & { id: string; chapter: number; chapterTitle: string };

export function readOutline(): Map<string, OutlineLesson> {
  const outline = Outline.parse(JSON.parse(readFileSync(join(SOURCES, "outline.json"), "utf8")));
  const lessons = outline.chapters.flatMap((chapter) =>
    chapter.lessons.map((lesson) => ({
      ...lesson,
      id: `${chapter.number}.${lesson.lesson}`,
      chapter: chapter.number,
      chapterTitle: chapter.title,
    })),
  );
  return new Map(lessons.map((lesson) => [lesson.id, lesson]));
}
