/** The doors of a lesson: which side of each is in use, said in the first cell. */
import { showTable } from "./table.js";

/** One door. `kind` names the side in use; `says` tells the student what that means, in a sentence. */
export interface Door {
  door: "teacher" | "runtime" | "model server" | "task database";
  kind: string;
  says: string;
}

/** Shows the doors in use as a table. */
export function showDoors(...doors: readonly Door[]): void {
  showTable(
    doors.map(({ door, kind, says }) => ({ door, "in use": kind, "what that means": says })),
    { caption: "Doors in use" },
  );
}
