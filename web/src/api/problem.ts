/** What the API says when it refuses (`application/problem+json`). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly whatToDo: string;
  readonly requestId: string | null;
  readonly fields: Readonly<Record<string, string>>;

  constructor(problem: {
    status: number;
    code: string;
    title: string;
    whatToDo: string;
    requestId?: string | null;
    fields?: Record<string, string>;
  }) {
    super(problem.title);
    this.name = "Problem";
    this.status = problem.status;
    this.code = problem.code;
    this.whatToDo = problem.whatToDo;
    this.requestId = problem.requestId ?? null;
    this.fields = problem.fields ?? {};
  }

  /** Whether trying again later may help without anybody doing anything. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** No answer at all: the network, or the server, is away. */
export function unreachable(): Problem {
  return new Problem({
    status: 0,
    code: "unreachable",
    title: "The server does not answer",
    whatToDo: "Check the network. This page tries again by itself.",
  });
}

/** Makes a problem of whatever body came with a refusal; it may be a proxy's page. */
export function problemOf(status: number, body: unknown, requestId: string | null): Problem {
  const given = isRecord(body) ? body : {};
  const text = (key: string) => (typeof given[key] === "string" ? given[key] : undefined);
  const fields = isRecord(given.fields) ? given.fields : {};
  return new Problem({
    status,
    code: text("code") ?? "unknown",
    title: text("title") ?? `The server answered ${status}`,
    whatToDo: text("what_to_do") ?? "Try again; if it stays, tell whoever runs the server.",
    requestId: text("request_id") ?? requestId,
    fields: Object.fromEntries(
      Object.entries(fields).filter((entry): entry is [string, string] => {
        return typeof entry[1] === "string";
      }),
    ),
  });
}

/** Whatever was thrown, as a problem that can be shown. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const words = error instanceof Error ? error.message : String(error);
  return new Problem({
    status: -1,
    code: "page_fault",
    title: "This page made a mistake",
    whatToDo: `Load the page anew. If it comes back, report these words: ${words}`,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
