// Boots of the fleet that have ended.
import { infiniteQueryOptions } from "@tanstack/react-query";

import { answered, api } from "./client";

/** As a filter writes them: what counts as a death wherever freezes are counted. */
export const DEATHS = "panic,watchdog,hang";
/** The ends that somebody may want to look into. */
export const AMISS = `${DEATHS},unknown`;

/** The ended boots that filter `q` leaves, a part at a time. */
export const allEnds = (q: string, sort: string) =>
  infiniteQueryOptions({
    queryKey: ["boots", "list", q, sort],
    queryFn: ({ signal, pageParam }) => {
      const query = { q, sort, limit: 100, ...(pageParam ? { next: pageParam } : {}) };
      return answered(api.GET("/api/v1/boots", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? null,
  });
