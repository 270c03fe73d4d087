import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";

import { answered, api } from "./api/client";
import { currentSession, loggedIn, subscribeToSession } from "./api/session";
import { Boundary } from "./Boundary";
import { queries, stream } from "./live/live";
import { router } from "./router";
import { Button } from "./ui/Button";
import { ProblemNote } from "./ui/ProblemNote";

const LoginPage = lazy(() => import("./features/auth/LoginPage"));
const OnSitePage = lazy(() => import("./features/on-site/OnSitePage"));
const LoginDialog = lazy(() => import("./features/auth/LoginDialog"));

/** The one page for whoever has a link and no log-in. */
const ON_SITE = /^\/on-site\/?$/.test(window.location.pathname);

export function App() {
  return (
    <Boundary>
      <QueryClientProvider client={queries}>
        {ON_SITE ? (
          <Suspense>
            <OnSitePage />
          </Suspense>
        ) : (
          <Gate />
        )}
      </QueryClientProvider>
    </Boundary>
  );
}

/** Shows the pages to whoever is logged in, and the log-in to everybody else. */
function Gate() {
  const { operator, wanted } = useSyncExternalStore(subscribeToSession, currentSession);
  // Waits, where need be, until somebody has logged in.
  const me = useQuery({
    queryKey: ["me"],
    queryFn: async () => {
      const me = await answered(api.GET("/api/v1/me"));
      loggedIn(me);
      return me;
    },
    staleTime: Infinity,
  });
  const someone = operator !== null;
  useEffect(() => {
    if (!someone || wanted) return;
    stream.start();
    return () => stream.stop();
  }, [someone, wanted]);

  if (!operator) {
    if (wanted) {
      return (
        <Suspense>
          <LoginPage />
        </Suspense>
      );
    }
    if (!me.error) return null;
    return (
      <main style={{ maxWidth: 560, margin: "15vh auto", padding: 16 }}>
        <ProblemNote
          problem={me.error}
          action={<Button onClick={() => void me.refetch()}>Try again</Button>}
        />
      </main>
    );
  }
  return (
    <>
      <RouterProvider router={router} />
      {wanted && (
        <Suspense>
          <LoginDialog />
        </Suspense>
      )}
    </>
  );
}
