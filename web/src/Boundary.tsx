import { Component, type ReactNode } from "react";

import { Button } from "./ui/Button";
import { ProblemNote } from "./ui/ProblemNote";

/** Stands around everything: a fault anywhere leaves words, never a blank page. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <main style={{ maxWidth: 560, margin: "15vh auto", padding: 16 }}>
        <ProblemNote
          problem={error}
          action={<Button onClick={() => window.location.reload()}>Load the page anew</Button>}
        />
      </main>
    );
  }
}
