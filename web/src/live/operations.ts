// Asking for operations, and what the page shows of them at once: the operation itself, not a guess.
import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";

import { activeOperations, activeOperationsOf, applianceOperations } from "../api/queries";
import { currentSession, subscribeToSession } from "../api/session";
import type { Operation, Role } from "../api/types";
import { operationTitle } from "../ui/format";
import { tell, tellProblem } from "../ui/toasts";
import { operations, queries, useRow } from "./live";

/** Shows a new or changed operation everywhere. */
export function noteOperation(operation: Operation): void {
  operations.put([operation]);
  const lists = [
    activeOperations().queryKey,
    applianceOperations(operation.appliance.id).queryKey.slice(0, 2),
    ["operations"],
    ["operation-counts"],
    ["bundles"],
  ];
  for (const queryKey of lists) void queries.invalidateQueries({ queryKey });
}

/** Sends what `request` asks for, and says what became of it; throws nothing. */
export async function ask(request: Promise<Operation>, subject: string): Promise<void> {
  try {
    await asked(request, subject);
  } catch (error) {
    tellProblem(error);
  }
}

/** As `ask`, for dialogs that show refusals themselves. */
export async function asked(request: Promise<Operation>, subject: string): Promise<Operation> {
  const operation = await request;
  noteOperation(operation);
  tell(`${operationTitle(operation.kind)}: ${subject} — asked`, operation.id);
  return operation;
}

/** The operation as it is now, of which `seen` was fetched. */
export function useOperation(seen: Operation): Operation {
  const live = useRow(operations, seen.id);
  return live && live.version >= seen.version ? live : seen;
}

/** The operations under way on an appliance, newest first. */
export function useActiveOn(appliance: string): readonly Operation[] {
  const { data } = useQuery(activeOperationsOf(appliance));
  return data?.operations ?? [];
}

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** Why whoever is logged in may not do what that role may; nothing where they may. */
export function useRoleReason(role: Role): string | null {
  const { operator } = useSyncExternalStore(subscribeToSession, currentSession);
  if (!operator) return "Log in first";
  if (RANK[operator.role] >= RANK[role]) return null;
  return `Needs the role ${role}; yours is ${operator.role}. An admin of ${operator.organisation.name} can change it.`;
}
