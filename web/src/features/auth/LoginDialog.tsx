import { Dialog } from "../../ui/Dialog";
import { LoginForm } from "./LoginForm";

/** The log-in over a page that was in use: it stays as it is, with all that was typed into it. */
export default function LoginDialog() {
  return (
    <Dialog title="Log in again" onClose={() => {}} stays>
      <p className="muted">Your session has run out. The page stays as it is, and goes on after.</p>
      <LoginForm />
    </Dialog>
  );
}
