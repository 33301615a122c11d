/** What most texts do without: loaded when the first one needs it. */
export const loadHighlighter = () => import('./highlighter.ts')
export const loadTypesetter = () => import('./typesetter.ts')
