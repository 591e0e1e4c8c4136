import { Map as ImmutableMap } from 'immutable'
import type { ProjectId } from './names.ts'
import type { NameIndex } from './state.ts'

export function dropFromIndex<Key, Value>(
  index: ImmutableMap<Key, ImmutableMap<Value, true>>,
  key: Key,
  value: Value,
): ImmutableMap<Key, ImmutableMap<Value, true>> {
  const left = index.get(key)?.delete(value)
  return left && left.size > 0 ? index.set(key, left) : index.delete(key)
}

export function addName<Id>(index: NameIndex<Id>, { id, project, name }: Named<Id>): NameIndex<Id> {
  return index.set(project, (index.get(project) ?? ImmutableMap<string, Id>()).set(name, id))
}

export function dropName<Id>(index: NameIndex<Id>, { project, name }: Named<Id>): NameIndex<Id> {
  const left = index.get(project)?.delete(name)
  return left && left.size > 0 ? index.set(project, left) : index.delete(project)
}

interface Named<Id> {
  readonly id: Id
  readonly project: ProjectId
  readonly name: string
}
