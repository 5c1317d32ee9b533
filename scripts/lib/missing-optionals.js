/** The optional dependencies that packages of a lockfile name and that have no entry in it, looked up as Node would: from the package upward. */
export function missingOptionals({ packages }) {
  const missing = [];
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (!foldersFor(path).some((folder) => `${folder}node_modules/${name}` in packages)) missing.push({ name, version, dev, by: path });
    }
  }
  return missing;
}

/** The folders whose node_modules the package in `path` can see. */
function foldersFor(path) {
  const folders = [''];
  for (const part of path === '' ? [] : path.split(/\/(?=node_modules\/)/)) folders.push(`${folders.at(-1)}${part}/`);
  return folders;
}
