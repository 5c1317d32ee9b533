/** A style sheet as text: Vite minifies it and puts it in its place. */
declare module '*.css?inline' {
  const text: string;
  export default text;
}
