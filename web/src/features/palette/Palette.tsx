import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import {
  Autocomplete,
  Dialog,
  Header,
  Input,
  Menu,
  MenuItem,
  MenuSection,
  Modal,
  ModalOverlay,
  SearchField,
} from "react-aria-components";

import { answered, api } from "../../api/client";
import { printTerm } from "../../api/filter";
import type { Appliance } from "../../api/types";
import { SearchIcon } from "../../ui/icons";
import { theme, type Theme } from "../../ui/preference";
import { PresenceBadge } from "../../ui/states";
import styles from "./Palette.module.css";
import { recall, remember } from "./recent";

const PLACES = [
  ["/", "Overview"],
  ["/appliances", "Appliances"],
  ["/operations", "Operations"],
  ["/backups", "Backups"],
  ["/migrations", "Migrations"],
  ["/debug-files", "Debug files"],
  ["/signatures", "Signatures"],
  ["/signatures/findings", "Findings"],
  ["/alarms", "Alarms"],
  ["/schedules", "Backup schedules"],
  ["/reliability", "Reliability"],
  ["/boots", "Ends of boots"],
  ["/releases", "Releases"],
  ["/enrolment", "Enrolment"],
  ["/audit", "Audit"],
] as const;

const THEMES: ReadonlyArray<readonly [Theme, string]> = [
  ["system", "Theme: as the system"],
  ["light", "Theme: light"],
  ["dark", "Theme: dark"],
];

/** Goes to a page or an appliance by a few letters. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const sought = useDeferredValue(typed.trim());
  const found = useQuery({
    queryKey: ["palette", sought],
    queryFn: ({ signal }) => find(sought, signal),
    enabled: sought !== "",
    placeholderData: keepPreviousData,
  });
  const fits = (word: string) => word.toLowerCase().includes(typed.trim().toLowerCase());
  const places = PLACES.filter(([, word]) => fits(word));
  const themes = typed.trim() === "" ? [] : THEMES.filter(([, word]) => fits(word));
  const recent = sought === "" ? recall() : [];
  const rows = sought === "" ? [] : (found.data ?? []);

  const goTo = (appliance: { id: string; name: string }) => {
    remember(appliance);
    onClose();
    void navigate({ to: "/appliances/$id", params: { id: appliance.id } });
  };
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      className={styles.veil ?? ""}
    >
      <Modal className={styles.modal ?? ""}>
        <Dialog aria-label="Find or go to" className={styles.dialog ?? ""}>
          <Autocomplete inputValue={typed} onInputChange={setTyped}>
            <SearchField aria-label="Find or go to" autoFocus className={styles.field ?? ""}>
              <SearchIcon />
              <Input placeholder="Appliance or page" className={styles.input ?? ""} />
            </SearchField>
            <Menu
              className={styles.menu ?? ""}
              aria-label="Found"
              renderEmptyState={() => (
                <p className={styles.none}>
                  {found.isFetching ? "Searching…" : "Nothing of that name."}
                </p>
              )}
            >
              {recent.length > 0 && (
                <MenuSection className={styles.section ?? ""}>
                  <Header>Recent</Header>
                  {recent.map((appliance) => (
                    <MenuItem
                      key={appliance.id}
                      id={`recent ${appliance.id}`}
                      textValue={appliance.name}
                      className={styles.item ?? ""}
                      onAction={() => goTo(appliance)}
                    >
                      {appliance.name}
                    </MenuItem>
                  ))}
                </MenuSection>
              )}
              {rows.length > 0 && (
                <MenuSection className={styles.section ?? ""}>
                  <Header>Appliances</Header>
                  {rows.map((appliance) => (
                    <MenuItem
                      key={appliance.id}
                      id={appliance.id}
                      textValue={appliance.name}
                      className={styles.item ?? ""}
                      onAction={() => goTo(appliance)}
                    >
                      <span>{appliance.name}</span>
                      <span className="muted">{appliance.site?.name}</span>
                      <PresenceBadge state={appliance.presence} bare />
                    </MenuItem>
                  ))}
                </MenuSection>
              )}
              {places.length > 0 && (
                <MenuSection className={styles.section ?? ""}>
                  <Header>Go to</Header>
                  {places.map(([to, word]) => (
                    <MenuItem
                      key={to}
                      id={to}
                      textValue={word}
                      className={styles.item ?? ""}
                      onAction={() => {
                        onClose();
                        void navigate({ to });
                      }}
                    >
                      {word}
                    </MenuItem>
                  ))}
                </MenuSection>
              )}
              {themes.length > 0 && (
                <MenuSection className={styles.section ?? ""}>
                  <Header>Appearance</Header>
                  {themes.map(([value, word]) => (
                    <MenuItem
                      key={value}
                      id={`theme ${value}`}
                      textValue={word}
                      className={styles.item ?? ""}
                      onAction={() => {
                        theme.set(value);
                        onClose();
                      }}
                    >
                      {word}
                    </MenuItem>
                  ))}
                </MenuSection>
              )}
            </Menu>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

async function find(text: string, signal: AbortSignal): Promise<readonly Appliance[]> {
  const q = printTerm({ kind: "word", text });
  const query = { q, limit: 8, sort: "name" };
  return (await answered(api.GET("/api/v1/appliances", { params: { query }, signal }))).appliances;
}
