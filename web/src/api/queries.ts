// What is fetched, under which key it is remembered, and what can be asked for.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { answered, api } from "./client";
import type { Bulk, BulkCancelled, BulkRequest, Operation, OperationRequest } from "./types";
import { withinTerm } from "./within";

/** The states of an operation that is under way. */
export const ACTIVE = "queued,offered,cancelling,accepted,running,lost";

export const applianceDetail = (id: string) =>
  queryOptions({
    queryKey: ["appliance", id, "detail"],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/appliances/{id}", { params: { path: { id } }, signal })),
  });

export const applianceVms = (id: string) =>
  queryOptions({
    queryKey: ["appliance", id, "vms"],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/appliances/{id}/vms", { params: { path: { id } }, signal })),
  });

export const applianceVolumes = (id: string) =>
  queryOptions({
    queryKey: ["appliance", id, "volumes"],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/appliances/{id}/volumes", { params: { path: { id } }, signal })),
  });

export const usbDrives = (id: string) =>
  queryOptions({
    queryKey: ["appliance", id, "usb-drives"],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/appliances/{id}/usb-drives", { params: { path: { id } }, signal })),
  });

/** The backup sets that an appliance has told of, newest first. */
export const backupSetsOf = (appliance: string) =>
  queryOptions({
    queryKey: ["backup-sets", appliance],
    queryFn: ({ signal }) => {
      const query = { appliance, sort: "-created_at", limit: 500 };
      return answered(api.GET("/api/v1/backup-sets", { params: { query }, signal }));
    },
  });

/** All backup sets that filter `q` leaves, a part at a time. */
export const allBackupSets = (q: string, sort: string) =>
  infiniteQueryOptions({
    queryKey: ["backup-sets", "all", q, sort],
    queryFn: ({ signal, pageParam }) => {
      const query = { q, sort, limit: 100, ...(pageParam ? { next: pageParam } : {}) };
      return answered(api.GET("/api/v1/backup-sets", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? null,
  });

export const applianceBoots = (id: string) =>
  queryOptions({
    queryKey: ["appliance", id, "boots"],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/appliances/{id}/boots", { params: { path: { id } }, signal })),
  });

export const applianceOperations = (id: string) =>
  queryOptions({
    queryKey: ["appliance-operations", id, "all"],
    queryFn: ({ signal }) => fetchOperations({ appliance: id, sort: "-created_at" }, signal),
  });

/** The last operations of some kinds that an appliance has done. */
const doneOperations = (id: string, name: string, kinds: string) =>
  queryOptions({
    queryKey: ["appliance-operations", id, name],
    queryFn: ({ signal }) => {
      const query = { appliance: id, states: "succeeded", kinds, sort: "-created_at", limit: 200 };
      return fetchOperations(query, signal);
    },
  });

export const imageVerdicts = (id: string) =>
  doneOperations(id, "images", "image_check,image_inspect");

export const driveQualifications = (id: string) => doneOperations(id, "drives", "usb_qualify");

/** What was last asked of an appliance about its backups. */
export const lastBackupOperation = (id: string) =>
  queryOptions({
    queryKey: ["appliance-operations", id, "last-backup"],
    queryFn: async ({ signal }) => {
      const kinds = [
        "backup_create",
        "backup_verify",
        "backup_restore",
        "backup_compare",
        "backup_prune",
        "backup_import",
      ].join(",");
      const query = { appliance: id, kinds, sort: "-created_at", limit: 1 };
      return (await fetchOperations(query, signal)).operations[0] ?? null;
    },
  });

export const activeOperationsOf = (id: string) =>
  queryOptions({
    queryKey: ["appliance-operations", id, "active"],
    queryFn: ({ signal }) => fetchOperations({ appliance: id, states: ACTIVE }, signal),
  });

export const activeOperations = () =>
  queryOptions({
    queryKey: ["active-operations"],
    queryFn: ({ signal }) => fetchOperations({ states: ACTIVE, limit: 1 }, signal),
  });

/** How many operations there are, how many of them went wrong, and how many are under way. */
export const operationCounts = () =>
  queryOptions({
    queryKey: ["operation-counts"],
    queryFn: async ({ signal }) => {
      const countOf = async (states?: string) => {
        return (await fetchOperations({ states, limit: 1 }, signal)).total;
      };
      const [all, failed, active] = await Promise.all([
        countOf(),
        countOf("lost,failed,rejected"),
        countOf("running,cancelling,accepted,offered,queued"),
      ]);
      return { all, failed, active, over: all - failed - active };
    },
  });

export const operationDetail = (id: string) =>
  queryOptions({
    queryKey: ["operation", id],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/operations/{id}", { params: { path: { id } }, signal })),
  });

/** What was asked of many, and what became of it at those in any of `states`, a part at a time. */
export const bulkDetail = (id: string, states: string) =>
  infiniteQueryOptions({
    queryKey: ["bulk", id, states],
    queryFn: ({ signal, pageParam }) => {
      const query = {
        limit: 100,
        ...(states === "" ? {} : { state: states }),
        ...(pageParam ? { next: pageParam } : {}),
      };
      const params = { path: { id }, query };
      return answered(api.GET("/api/v1/bulks/{id}", { params, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? null,
    // What was not asked yet tells of itself by no event.
    refetchInterval: ({ state }) => (state.data?.pages[0]?.done ? false : 2_000),
  });

/** What was asked of many appliances, newest first, a part at a time. */
export const allBulks = () =>
  infiniteQueryOptions({
    queryKey: ["bulks"],
    queryFn: ({ signal, pageParam }) => {
      const query = { limit: 100, ...(pageParam ? { next: pageParam } : {}) };
      return answered(api.GET("/api/v1/bulks", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? null,
  });

/** Takes back what was asked of many; what has begun only where that is said. */
export function cancelBulk(id: string, begun: boolean): Promise<BulkCancelled> {
  const params = { path: { id } };
  return answered(api.POST("/api/v1/bulks/{id}/cancel", { params, body: { begun } }));
}

/** The USB drives of the fleet that filter `q` leaves, a part at a time. */
export const fleetDrives = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["fleet-drives", q],
    queryFn: ({ signal, pageParam }) => {
      const query = { q, limit: 100, ...(pageParam ? { next: pageParam } : {}) };
      return answered(api.GET("/api/v1/usb-drives", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? null,
  });

/** The alarms that filter `q` leaves, newest first, a part at a time. */
export const allAlarms = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["alarms", "list", q],
    queryFn: ({ signal, pageParam }) => {
      const query = { q, limit: 100, ...(pageParam ? { next: pageParam } : {}) };
      return answered(api.GET("/api/v1/alarms", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? null,
  });

/** How many alarms are not over. */
export const openAlarms = () =>
  queryOptions({
    queryKey: ["alarms", "open"],
    queryFn: ({ signal }) => {
      const query = { q: "over=no", limit: 1 };
      return answered(api.GET("/api/v1/alarms", { params: { query }, signal }));
    },
  });

/** Somebody has looked into it. */
export async function clearAlarm(id: string): Promise<void> {
  await answered(api.POST("/api/v1/alarms/{id}/clear", { params: { path: { id } } }));
}

/** Asks many appliances, or only whether they could be asked. Twice with one key is once. */
export function requestBulk(request: BulkRequest, key: string): Promise<Bulk> {
  return answered(
    api.POST("/api/v1/operations", {
      params: { header: { "Idempotency-Key": key } },
      body: request,
    }),
  );
}

export const bundlesOf = (appliance: string) =>
  queryOptions({
    queryKey: ["bundles", appliance],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/bundles", { params: { query: { appliance } }, signal })),
  });

export const pendingAppliances = () =>
  queryOptions({
    queryKey: ["pending"],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/appliances", {
          params: { query: { q: "state=pending", sort: "name" } },
          signal,
        }),
      ),
  });

export const presenceCounts = () =>
  queryOptions({
    queryKey: ["presence-counts"],
    queryFn: async ({ signal }) => {
      const countOf = async (q?: string) => {
        const query = { limit: 1, ...(q ? { q } : {}) };
        const page = await answered(api.GET("/api/v1/appliances", { params: { query }, signal }));
        return page.total;
      };
      const [all, online, stale, offline] = await Promise.all([
        countOf(),
        countOf("presence=online"),
        countOf("presence=stale"),
        countOf("presence=offline,expected_offline"),
      ]);
      return { all, online, stale, offline };
    },
  });

export const joinTokens = () =>
  queryOptions({
    queryKey: ["join-tokens"],
    queryFn: ({ signal }) => answered(api.GET("/api/v1/join-tokens", { signal })),
  });

export const organisations = () =>
  queryOptions({
    queryKey: ["organisations"],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/organisations", { params: { query: { limit: 500 } }, signal })),
  });

export const sites = () =>
  queryOptions({
    queryKey: ["sites"],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/sites", { params: { query: { limit: 500 } }, signal })),
  });

export const serverState = () =>
  queryOptions({
    queryKey: ["server"],
    queryFn: ({ signal }) => answered(api.GET("/api/v1/server", { signal })),
    staleTime: 60_000,
  });

interface OperationsQuery {
  appliance?: string;
  /** Any of these, with commas between them. */
  states?: string | undefined;
  kind?: string | undefined;
  /** Of any of these kinds, with commas between them. */
  kinds?: string | undefined;
  /** Ended in so many hours until now. */
  ended?: string | undefined;
  sort?: string | undefined;
  offset?: number;
  limit?: number;
}

export function fetchOperations(query: OperationsQuery, signal: AbortSignal) {
  const { states, kinds, ended, ...rest } = query;
  const terms = [states && `state=${states}`, kinds && `kind=${kinds}`, withinTerm("ended", ended)]
    .filter(Boolean)
    .join(" ");
  const q = terms === "" ? {} : { q: terms };
  return answered(api.GET("/api/v1/operations", { params: { query: { ...rest, ...q } }, signal }));
}

/** Asks an appliance for something. */
export function requestOperation(
  appliance: string,
  operation: OperationRequest,
  confirm?: string,
): Promise<Operation> {
  return answered(
    api.POST("/api/v1/appliances/{id}/operations", {
      params: { path: { id: appliance } },
      body: confirm === undefined ? { operation } : { operation, confirm },
    }),
  );
}

export function requestBundle(appliance: string, note: string): Promise<Operation> {
  return answered(
    api.POST("/api/v1/appliances/{id}/bundles", {
      params: { path: { id: appliance } },
      body: note === "" ? {} : { note },
    }),
  );
}

export function cancelOperation(id: string): Promise<Operation> {
  return answered(api.POST("/api/v1/operations/{id}/cancel", { params: { path: { id } } }));
}

export function writeOffOperation(id: string, confirm: string): Promise<Operation> {
  return answered(
    api.POST("/api/v1/operations/{id}/write-off", { params: { path: { id } }, body: { confirm } }),
  );
}
