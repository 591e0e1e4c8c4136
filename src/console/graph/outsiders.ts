import { useEffect, useMemo, useState } from 'preact/hooks'
import { api } from '../api/client.ts'
import type { GraphModel } from './model.ts'

/** Names of relays that carry links here and are no members. */
export function useOutsiders(model: GraphModel | undefined, version: number): ReadonlyMap<string, string> {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map())
  const unknown = useMemo(() => {
    const relays = new Set(
      [...(model?.links.values() ?? [])].flatMap(({ via }) => (via === null ? [] : [via])),
    )
    return [...relays]
      .filter((id) => !model?.nodes.has(id))
      .sort()
      .join()
  }, [model, version])
  useEffect(() => {
    for (const id of unknown.split(',').filter((each) => each !== '' && !names.has(each)))
      api.call('showNode', { path: { node: id } }).then(
        (node) => setNames((before) => new Map(before).set(id, node.name)),
        () => undefined,
      )
  }, [unknown])
  return names
}
