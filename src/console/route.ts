import { Store } from './store.ts'

/** Where the page is: everything that a link to it has to say. */
export interface Route {
  /** Of `#/networks/demo/graph`: `networks`, `demo`, `graph`. */
  readonly parts: readonly string[]
  readonly query: URLSearchParams
}

export const route = new Store<Route>(parse(location.hash))

addEventListener('hashchange', () => route.set(parse(location.hash)))

/** The address of a place in the page. */
export function href(
  parts: readonly string[],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]))
  const text = new URLSearchParams(given).toString()
  return `#/${parts.map(encodeURIComponent).join('/')}${text ? `?${text}` : ''}`
}

/** Changes some of the query. What is undefined or empty goes; `replace` makes no step that the back button undoes. */
export function change(
  changes: Readonly<Record<string, string | undefined>>,
  { replace = false, parts = route.value.parts }: { replace?: boolean; parts?: readonly string[] } = {},
): void {
  const query = { ...Object.fromEntries(route.value.query), ...changes }
  const to = href(parts, query)
  if (replace) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  route.set(parse(to))
}

function parse(hash: string): Route {
  const [place = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  return { parts: place.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) }
}

/** What somebody typed may be no address at all. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
