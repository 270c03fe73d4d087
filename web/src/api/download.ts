import { ensureSession } from "./session";

/** Has the browser follow the link itself, so that a large file need not fit into memory. */
export async function download(href: string): Promise<void> {
  await ensureSession();
  const link = document.createElement("a");
  link.href = href;
  link.download = "";
  link.click();
}
