import { useSyncExternalStore } from "react";
import { Header, MenuSection } from "react-aria-components";

import { answered, api } from "../api/client";
import { currentSession, subscribeToSession } from "../api/session";
import { zonePreference } from "../ui/clock";
import { PersonIcon } from "../ui/icons";
import { Menu, MenuItem, MenuLine } from "../ui/Menu";
import { theme, type Theme } from "../ui/preference";
import { tellProblem } from "../ui/toasts";
import styles from "./AccountMenu.module.css";

const THEMES: ReadonlyArray<readonly [Theme, string]> = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

export default function AccountMenu({ onHelp }: { onHelp: () => void }) {
  const { operator } = useSyncExternalStore(subscribeToSession, currentSession);
  const chosen = theme.use();
  const zone = zonePreference.use();
  if (!operator) return null;
  return (
    <Menu label={`Account: ${operator.email}`} face={<PersonIcon />} look="quiet">
      <MenuSection>
        <Header className={styles.who ?? ""}>
          <strong>{operator.name || operator.email}</strong>
          <span>{operator.email}</span>
          <span>
            {operator.role} in {operator.organisation.name}
          </span>
        </Header>
      </MenuSection>
      <MenuSection>
        <Header className={styles.head ?? ""}>Theme</Header>
        {THEMES.map(([value, word]) => (
          <MenuItem key={value} chosen={chosen === value} onAction={() => theme.set(value)}>
            {word}
          </MenuItem>
        ))}
      </MenuSection>
      <MenuSection>
        <Header className={styles.head ?? ""}>Times</Header>
        <MenuItem chosen={zone === "local"} onAction={() => zonePreference.set("local")}>
          Local time
        </MenuItem>
        <MenuItem chosen={zone === "utc"} onAction={() => zonePreference.set("utc")}>
          UTC
        </MenuItem>
      </MenuSection>
      <MenuLine />
      <MenuItem onAction={onHelp}>Keyboard help</MenuItem>
      <MenuItem onAction={() => void logOut()}>Log out</MenuItem>
    </Menu>
  );
}

async function logOut(): Promise<void> {
  try {
    await answered(api.POST("/api/v1/session/logout"));
    // A new page forgets everything that this one knew.
    window.location.assign("/");
  } catch (error) {
    tellProblem(error);
  }
}
