import { LoginForm } from "./LoginForm";
import styles from "./LoginPage.module.css";

export default function LoginPage() {
  return (
    <main className={styles.page}>
      <title>Log in · Domfleet</title>
      <div className={styles.card}>
        <img src="/favicon.svg" width="40" height="40" alt="" />
        <div>
          <h1>Log in to Domfleet</h1>
          <p className="muted">Your fleet of Xen appliances, in one place.</p>
        </div>
        <LoginForm />
      </div>
    </main>
  );
}
