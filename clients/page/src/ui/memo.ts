import { Component, createElement, type ComponentChild, type FunctionComponent } from 'preact'

function differs(a: object, b: object) {
  for (const key in a) if (!(key in b)) return true
  for (const key in b) if ((a as Record<string, unknown>)[key] !== (b as Record<string, unknown>)[key]) return true
  return false
}

/** Renders again only where a property is another one. */
export function memo<P extends object>(Inner: (props: P) => ComponentChild): FunctionComponent<P> {
  class Memo extends Component<P> {
    shouldComponentUpdate(next: P) {
      return differs(this.props, next)
    }
    render() {
      return createElement(Inner as FunctionComponent<P>, this.props as P)
    }
  }
  return Memo as unknown as FunctionComponent<P>
}
