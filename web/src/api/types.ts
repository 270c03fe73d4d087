// The words of the API, one name each, so that the generated names appear in one place only.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Appliance = Schemas["ApplianceSummary"];
export type ApplianceDetail = Schemas["ApplianceView"];
export type ApplianceState = Schemas["ApplianceState"];
export type Presence = Schemas["Presence"];
export type Components = Schemas["Components"];
export type Facts = Schemas["Facts"];
export type Vm = Schemas["Vm"];
export type VmState = Schemas["VmState"];
export type Volume = Schemas["Volume"];
export type VolumeGroup = Schemas["VolumeGroup"];
export type Boot = Schemas["BootView"];
export type BootEnd = Schemas["BootEnd"];
export type OperationRequest = Schemas["Operation"];
export type Operation = Schemas["OperationView"];
export type OperationState = Schemas["OperationState"];
export type Bundle = Schemas["BundleView"];
export type BundleState = Schemas["BundleState"];
export type JoinToken = Schemas["JoinTokenView"];
export type AuditEntry = Schemas["AuditEntry"];
export type Operator = Schemas["OperatorView"];
export type Role = Schemas["Role"];
