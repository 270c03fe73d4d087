import type { Component, ComponentReport } from "../../api/types";
import { RatesFigure } from "../../charts/RatesFigure";
import { componentName } from "../../ui/componentNames";
import { SelectField } from "../../ui/Field";
import { count } from "../../ui/format";
import { Card } from "../../ui/Page";
import { CurvesFigure } from "./CurvesFigure";
import styles from "./Reliability.module.css";
import { logRankWords } from "./words";

interface ComponentCardProps {
  components: readonly ComponentReport[];
  chosen: ComponentReport;
  onChoose: (component: Component) => void;
}

/** One component by itself. */
export function ComponentCard({ components, chosen, onChoose }: ComponentCardProps) {
  const name = componentName(chosen.component);
  return (
    <div id="component" className={styles.anchor}>
      <Card title="One component by itself">
        <div className={styles.choices}>
          <SelectField
            label="Component"
            value={chosen.component}
            onChange={(event) => onChoose(event.target.value as Component)}
          >
            {components.map(({ component, values }) => (
              <option key={component} value={component}>
                {componentName(component)} ({count(values.length, "value")})
              </option>
            ))}
          </SelectField>
          <p className="muted">
            What always changes together with it is in here too: only the joint model below holds
            the others fixed.
          </p>
        </div>
        <RatesFigure title={`${name}: rates`} values={chosen.values} />
        {/* Another component has other curves to choose from. */}
        <CurvesFigure key={chosen.component} title={`${name}: curves`} values={chosen.values} />
        <p className={styles.padded}>{logRankWords(chosen)}</p>
      </Card>
    </div>
  );
}
