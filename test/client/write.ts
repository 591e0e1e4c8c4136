import { writeFile } from 'node:fs/promises'
import { documentOf } from '../api/document.ts'
import { Place } from '../api/fixture.ts'
import { CLIENT_FILE } from './file.ts'
import { generateClient } from './generator.ts'

// `node test/client/write.ts`: after a change of routes or schemas.
await using place = await Place.open()
await writeFile(CLIENT_FILE, generateClient(await documentOf(place)))
