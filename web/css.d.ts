/** A style sheet as text: Vite minifies it and puts it in its place. */
declare module '*.css?inline' {
  const text: string;
  export default text;
}

/** A style sheet of a page, which the build makes a file of its own. */
declare module '*.css' {}
