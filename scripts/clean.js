// The lie this prevents: "the tests ran against what the sources say". A file that was renamed or removed leaves its old output in dist/,
// where it still imports, still passes and is still published; so every build begins with an empty folder.
// It removes dist/ and nothing else, and it is no error when there is none.
// Seen to matter: a dist/ file whose source was gone still imported after tsc alone, and was gone after a build.
import { rmSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
