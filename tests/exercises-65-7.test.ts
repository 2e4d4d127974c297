import { todo } from "llmops/course";
import { judgeInterval, pairedDifference, signTest } from "llmops/evaluate";
import { adherenceRateExercise, taskHeldExercise, type AdherenceRate, type ScoredReply, type TaskHeld } from "llmops/exercises/65-7";
import { testExercise } from "./support/exercise.ts";

const share = (replies: readonly ScoredReply[], test: (reply: ScoredReply) => boolean) => replies.filter(test).length / replies.length;
const traits = ({ traits: shown }: ScoredReply) => Object.values(shown).every(Boolean);
const clean = ({ broken }: ScoredReply) => broken.length === 0;
const right: AdherenceRate = (replies) => share(replies, (reply) => traits(reply) && clean(reply) && !reply.tooLong);

testExercise<AdherenceRate>(adherenceRateExercise, right, () => todo(), [() => 0.123, /For exam 1, of 5 replies your function gives 0\.123/], {
  "the mean of traits": (replies) => replies.reduce((sum, { traits: shown }) => sum + Object.values(shown).filter(Boolean).length / Object.keys(shown).length, 0) / replies.length,
  "prohibitions forgotten": (replies) => share(replies, (reply) => traits(reply) && !reply.tooLong),
  "length forgotten": (replies) => share(replies, (reply) => traits(reply) && clean(reply)),
  "traits alone": (replies) => share(replies, traits),
  "any trait": (replies) => share(replies, (reply) => Object.values(reply.traits).includes(true) && clean(reply) && !reply.tooLong),
  percent: (replies) => 100 * right(replies),
});

testExercise<TaskHeld>(taskHeldExercise, (base, tuned, points) => judgeInterval(pairedDifference(base, tuned), -points / 100), () => todo(), [() => "not shown", /only the base has 3 right, only the tuned model 20.*that is "shown"/], {
  "the estimate alone": (base, tuned, points) => (pairedDifference(base, tuned).estimate >= -points / 100 ? "shown" : "failed"),
  "no difference found": (base, tuned, points) => (signTest(base, tuned).p > 0.05 ? "shown" : judgeInterval(pairedDifference(base, tuned), -points / 100)),
  "the wrong sign": (base, tuned, points) => judgeInterval(pairedDifference(base, tuned), points / 100),
  "base minus tuned": (base, tuned, points) => judgeInterval(pairedDifference(tuned, base), -points / 100),
  "points as a share": (base, tuned, points) => judgeInterval(pairedDifference(base, tuned), -points),
  "the whole loss must be out of the interval": (base, tuned, points) => {
    const { low, high } = pairedDifference(base, tuned);
    return high >= -points / 100 ? "shown" : low < -points / 100 ? "failed" : "not shown";
  },
});
