import { useState } from "react";

import { answered, api } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import { currentSession, loggedIn } from "../../api/session";
import { appliances, operations, queries } from "../../live/live";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { ProblemNote } from "../../ui/ProblemNote";

export function LoginForm() {
  const before = currentSession().operator;
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const logIn = async (form: FormData) => {
    const field = (name: string) => String(form.get(name) ?? "");
    setBusy(true);
    setProblem(null);
    try {
      const body = { email: field("email"), password: field("password") };
      const { operator } = await answered(api.POST("/api/v1/login", { body }));
      if (before && before.id !== operator.id) forget();
      loggedIn(operator);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void logIn(new FormData(event.currentTarget));
      }}
    >
      <TextField
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        defaultValue={before?.email}
        autoFocus={!before}
        required
      />
      <TextField
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        autoFocus={Boolean(before)}
        required
      />
      {problem && <ProblemNote problem={problem} />}
      <Button type="submit" look="primary" busy={busy}>
        {busy ? "Logging in…" : "Log in"}
      </Button>
    </form>
  );
}

// Somebody else may see less.
function forget(): void {
  appliances.clear();
  operations.clear();
  queries.clear();
}
