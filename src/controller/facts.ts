import { type Address, parseAddress } from '../address/cidr.ts'
import type { NodeId } from '../keys/identity.ts'
import type { NetworkId } from '../model/names.ts'
import type { Facts } from '../protocol/frames.ts'
