import { todo } from "llmops/course";
import { payingRequests, teamsExercise, type RequestsThatPay, type TeamAdvice } from "llmops/exercises/61-3";
import { testExercise } from "./support/exercise.ts";

const teams: TeamAdvice = { news: "rag", invoices: "prompt", support: "fine-tune", lawyers: "not yet", triage: "prompt" };
testExercise<TeamAdvice>(teamsExercise, teams, undefined, [{ ...teams, news: "prompt" }, /news: "prompt" overlooks a fact\. knowledgeFailures \(90%\)/], {
  "knowledge is trained in": { ...teams, news: "fine-tune" },
  "schema needs training": { ...teams, invoices: "fine-tune" },
  "style by prompt": { ...teams, support: "prompt" },
  "decided without an exam": { ...teams, lawyers: "fine-tune" },
  "rules that change are trained": { ...teams, triage: "fine-tune" },
});

const sum: RequestsThatPay = ({ serverDollarsPerMonth, operationsDollarsPerMonth, setupDollars, paybackMonths }) => serverDollarsPerMonth + operationsDollarsPerMonth + setupDollars / paybackMonths;
const right: RequestsThatPay = (prices) => Math.ceil(sum(prices) / prices.apiDollarsPerRequest / 30 - 1e-9);
testExercise<RequestsThatPay>(payingRequests, right, () => todo(), [(prices) => right(prices) * 2, /With \{.*\} it pays from 3,519 requests a day; you say 7,038/], {
  "setup forgotten": (prices) => right({ ...prices, setupDollars: 0 }),
  "operations forgotten": (prices) => right({ ...prices, operationsDollarsPerMonth: 0 }),
  "server forgotten": ({ setupDollars, apiDollarsPerRequest, paybackMonths }) => Math.ceil(setupDollars / apiDollarsPerRequest / (30 * paybackMonths)),
  "a month's requests": (prices) => Math.ceil(sum(prices) / prices.apiDollarsPerRequest - 1e-9),
  "setup every month": (prices) => right({ ...prices, paybackMonths: 1 }),
  "rounded down": (prices) => Math.floor(sum(prices) / prices.apiDollarsPerRequest / 30),
});
