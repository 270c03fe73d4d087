import { lazy, Suspense, useEffect, useRef, useState } from "react";

import { APPLIANCE_KEYS, parseFilter, printFilter, printTerm, type Term } from "../../api/filter";
import { Button } from "../Button";
import { CloseIcon, FilterIcon, SearchIcon } from "../icons";
import { presenceWord } from "../states";
import styles from "./FilterBar.module.css";

const AddFilter = lazy(() => import("./AddFilter"));

interface FilterBarProps {
  q: string;
  terms: readonly Term[];
  onChange: (terms: readonly Term[]) => void;
}

const TYPING = 150;

/** The filter: chips for its fields, and a box for words and for the language itself. */
export function FilterBar({ q, terms, onChange }: FilterBarProps) {
  const fields = terms.filter((term) => term.kind === "field");
  const words = printFilter(terms.filter((term) => term.kind === "word"));
  const box = useRef<HTMLInputElement>(null);
  const [adding, setAdding] = useState(false);
  // What is typed runs ahead of the URL, which follows once the typing rests.
  const [draft, setDraft] = useState({ text: words, q });
  if (draft.q !== q) setDraft({ text: words, q });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const put = (next: readonly Term[], text: string) => {
    clearTimeout(timer.current);
    setDraft({ text, q });
    if (printFilter(next) !== q) onChange(next);
  };
  const type = (text: string) => {
    setDraft({ text, q });
    clearTimeout(timer.current);
    // A field is taken once it is ended by a blank; until then it may still grow.
    const open = /\S$/.test(text) ? parseFilter(text).at(-1) : undefined;
    if (open?.kind === "field") return;
    timer.current = setTimeout(() => commit(text), TYPING);
  };
  const commit = (text: string) => {
    const typed = parseFilter(text);
    put([...fields, ...typed], printFilter(typed.filter((term) => term.kind === "word")));
  };
  const remove = (term: Term) => {
    put(
      terms.filter((other) => other !== term),
      draft.text,
    );
    box.current?.focus();
  };
  return (
    <form
      className={styles.bar}
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        commit(draft.text);
      }}
    >
      <div className={styles.box}>
        <SearchIcon />
        {fields.map((term) => (
          <span key={printTerm(term)} className={styles.chip}>
            <span>{chipWords(term)}</span>
            <button
              type="button"
              aria-label={`Remove ${printTerm(term)}`}
              onClick={() => remove(term)}
            >
              <CloseIcon />
            </button>
          </span>
        ))}
        <input
          ref={box}
          data-search
          className={styles.input}
          type="text"
          aria-label="Search appliances"
          placeholder={
            fields.length > 0 ? "" : "Name, or a filter such as hypervisor<2 kernel~6.12"
          }
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={draft.text}
          onChange={(event) => type(event.target.value)}
          onBlur={() => commit(draft.text)}
          onKeyDown={(event) => {
            const last = fields.at(-1);
            if (event.key === "Backspace" && draft.text === "" && last) remove(last);
          }}
        />
        {q !== "" && (
          <Button look="quiet" small label="Clear the filter" onClick={() => put([], "")}>
            <CloseIcon />
          </Button>
        )}
      </div>
      <Button aria-haspopup="dialog" onClick={() => setAdding(true)}>
        <FilterIcon /> Filter
      </Button>
      {adding && (
        <Suspense>
          <AddFilter
            onClose={() => setAdding(false)}
            onAdd={(term) => put([...fields, term, ...parseFilter(words)], draft.text)}
          />
        </Suspense>
      )}
    </form>
  );
}

function chipWords(term: Extract<Term, { kind: "field" }>): string {
  const label = APPLIANCE_KEYS.find(({ key }) => key === term.key)?.label ?? term.key;
  const values = term.key === "presence" ? term.values.map(presenceWord) : term.values;
  const sign = { "=": ":", "!=": " is not", "<": " below", ">": " above", "~": " contains" };
  return `${label}${sign[term.comparison]} ${values.join(" or ")}`;
}
