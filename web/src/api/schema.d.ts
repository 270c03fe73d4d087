// Generated from openapi.json by `npm run generate`; do not edit.

export interface paths {
    "/api/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_session_refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_session_logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organisations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_organisations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_sites"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/join-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_join_tokens"];
        put?: never;
        post: operations["post_join_tokens"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/join-tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["delete_join_tokens__id_"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_appliances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_appliances__id_"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: operations["patch_appliances__id_"];
        trace?: never;
    };
    "/api/v1/appliances/{id}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_appliances__id__accept"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_appliances__id__reject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/decommission": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_appliances__id__decommission"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_appliances__id__revoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/clones/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_appliances__id__clones_resolve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/vms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_appliances__id__vms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/volumes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_appliances__id__volumes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/boots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_appliances__id__boots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_appliances__id__operations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/bundles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_appliances__id__bundles"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_operations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_operations__id_"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operations/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_operations__id__cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operations/{id}/write-off": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_operations__id__write_off"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bundles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_bundles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bundles/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_bundles__id_"];
        put?: never;
        post?: never;
        delete: operations["delete_bundles__id_"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/server": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_server"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Problem: {
            type: string;
            title: string;
            /** Format: int64 */
            status: number;
            code: string;
            what_to_do: string;
            request_id: string;
            fields?: {
                [key: string]: string;
            } | null;
        };
        /** @enum {string} */
        Role: "viewer" | "operator" | "admin";
        Named: {
            /** Format: uuid */
            id: string;
            name: string;
        };
        OperatorView: {
            /** Format: uuid */
            id: string;
            email: string;
            name: string;
            role: components["schemas"]["Role"];
            organisation: components["schemas"]["Named"];
        };
        LoginRequest: {
            email: string;
            password: string;
        };
        LoginResponse: {
            access_token: string;
            /** Format: date-time */
            expires_at: string;
            operator: components["schemas"]["OperatorView"];
        };
        /** @enum {string} */
        ApplianceState: "pending" | "accepted" | "rejected" | "decommissioned";
        /** @enum {string} */
        Presence: "online" | "stale" | "offline" | "expected_offline";
        Components: {
            hypervisor?: string | null;
            dom0_kernel?: string | null;
            xen?: string | null;
            qemu_installed?: string | null;
            alpine?: string | null;
            agent?: string | null;
            io_scheduler?: string | null;
            swap?: boolean | null;
            /** Format: int64 */
            overcommit?: number | null;
        };
        Fingerprint: {
            system_uuid?: string | null;
            board_serial?: string | null;
            macs?: string[];
            disks?: string[];
        };
        Facts: {
            fingerprint: components["schemas"]["Fingerprint"];
            hostname: string;
            /** Format: uuid */
            boot_id: string;
            /** Format: date-time */
            booted_at: string;
            /** Format: int64 */
            memory_bytes?: number | null;
            /** Format: int64 */
            free_memory_bytes?: number | null;
            /** Format: int64 */
            dom0_memory_bytes?: number | null;
            /** Format: int64 */
            cpus?: number | null;
            components: components["schemas"]["Components"];
            /** Format: int64 */
            taint?: number | null;
        };
        /** @enum {string} */
        VmState: "running" | "paused" | "shutdown" | "crashed" | "dying" | "off" | "unknown";
        VmDisk: {
            vdev: string;
            target?: string | null;
            format: string;
            writable: boolean;
        };
        Vm: {
            /** Format: uuid */
            uuid: string;
            name: string;
            state: components["schemas"]["VmState"];
            /** Format: int64 */
            domid?: number | null;
            /** Format: int64 */
            memory_bytes: number;
            /** Format: int64 */
            vcpus: number;
            disks: components["schemas"]["VmDisk"][];
            macs: string[];
            qemu_running?: string | null;
            config_path?: string | null;
            managed: boolean;
        };
        VolumeGroup: {
            uuid: string;
            name: string;
            /** Format: int64 */
            size_bytes: number;
            /** Format: int64 */
            free_bytes: number;
            /** Format: int64 */
            extent_bytes: number;
        };
        Volume: {
            lv_uuid: string;
            name: string;
            volume_group: string;
            /** Format: int64 */
            size_bytes: number;
            attributes: string;
            segment_type: string;
            origin?: string | null;
            /** Format: int64 */
            data_basis_points?: number | null;
            tags: string[];
            managed: boolean;
        };
        /** @enum {string} */
        BootEnd: "clean" | "upgrade" | "panic" | "watchdog" | "hang" | "power_loss" | "provoked" | "unknown" | "lost";
        /** @enum {string} */
        Confidence: "low" | "medium" | "high";
        BootView: {
            /** Format: uuid */
            boot_id: string;
            /** Format: date-time */
            started_at: string;
            /** Format: date-time */
            ended_at?: string | null;
            end?: null | components["schemas"]["BootEnd"];
            confidence?: null | components["schemas"]["Confidence"];
            evidence?: string[];
            components: components["schemas"]["Components"];
            /** Format: int64 */
            epoch: number;
        };
        Operation: {
            /** Format: uuid */
            vm: string;
            /** @enum {string} */
            kind: "vm_start";
        } | {
            /** Format: uuid */
            vm: string;
            /** Format: int64 */
            timeout_seconds?: number | null;
            /** @enum {string} */
            kind: "vm_shutdown";
        } | {
            /** Format: uuid */
            vm: string;
            /** Format: int64 */
            timeout_seconds?: number | null;
            /** @enum {string} */
            kind: "vm_reboot";
        } | {
            /** Format: uuid */
            vm: string;
            /** @enum {string} */
            kind: "vm_destroy";
        } | {
            /** Format: uuid */
            vm: string;
            /** @enum {string} */
            kind: "vm_adopt";
        } | {
            volume_group: string;
            name: string;
            /** Format: int64 */
            size_bytes: number;
            /** @enum {string} */
            kind: "volume_create";
        } | {
            volume: string;
            name: string;
            /** Format: int64 */
            size_bytes?: number | null;
            /** @enum {string} */
            kind: "volume_snapshot";
        } | {
            volume: string;
            /** @enum {string} */
            kind: "volume_remove";
        } | {
            volume: string;
            /** @enum {string} */
            kind: "volume_adopt";
        } | {
            /** @enum {string} */
            kind: "appliance_reboot";
        } | {
            /** Format: uuid */
            bundle: string;
            /** @enum {string} */
            kind: "debug_bundle";
        } | {
            /** @enum {string} */
            kind: "unknown";
        };
        /** @enum {string} */
        Class: "read" | "mutate" | "destructive";
        /** @enum {string} */
        OperationState: "queued" | "offered" | "cancelling" | "accepted" | "running" | "lost" | "succeeded" | "failed" | "rejected" | "cancelled" | "expired" | "written_off";
        Progress: {
            step: string;
            /** Format: int64 */
            done_bytes: number;
            /** Format: int64 */
            total_bytes?: number | null;
            /** Format: int64 */
            rate_bytes_per_second: number;
            /** Format: int64 */
            left_seconds?: number | null;
        };
        Reason: {
            code: string;
            message: string;
        };
        RequestedBy: {
            /** Format: uuid */
            id: string;
            email: string;
        };
        OperationView: {
            /** Format: uuid */
            id: string;
            appliance: components["schemas"]["Named"];
            kind: string;
            class: components["schemas"]["Class"];
            operation: components["schemas"]["Operation"];
            state: components["schemas"]["OperationState"];
            requested_by?: null | components["schemas"]["RequestedBy"];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            offered_at?: string | null;
            /** Format: date-time */
            accepted_at?: string | null;
            /** Format: date-time */
            started_at?: string | null;
            /** Format: date-time */
            ended_at?: string | null;
            /** Format: date-time */
            expires_at?: string | null;
            /** Format: date-time */
            deadline_at?: string | null;
            progress?: null | components["schemas"]["Progress"];
            reason?: null | components["schemas"]["Reason"];
            result?: unknown;
            /** Format: uuid */
            bundle_id?: string | null;
            /** Format: int64 */
            version: number;
        };
        OperationRequest: {
            operation: components["schemas"]["Operation"];
            confirm?: string | null;
            /** Format: int64 */
            expires_in_seconds?: number | null;
        };
        ApplianceSummary: {
            /** Format: uuid */
            id: string;
            name: string;
            organisation: components["schemas"]["Named"];
            site?: null | components["schemas"]["Named"];
            state: components["schemas"]["ApplianceState"];
            presence: components["schemas"]["Presence"];
            /** Format: date-time */
            presence_since?: string | null;
            /** Format: date-time */
            last_seen_at?: string | null;
            /** Format: int64 */
            epoch: number;
            hypervisor_version?: string | null;
            components: components["schemas"]["Components"];
            /** Format: date-time */
            booted_at?: string | null;
            /** Format: int64 */
            vms_running: number;
            /** Format: int64 */
            vms_total: number;
            read_only?: string | null;
            /** Format: int64 */
            version: number;
        };
        CredentialView: {
            status: string;
            /** Format: date-time */
            not_after: string;
        };
        /** @enum {string} */
        BundleTrigger: "on_demand" | "unclean_boot" | "upload";
        /** @enum {string} */
        BundleState: "requested" | "collecting" | "uploading" | "complete" | "failed" | "expired";
        BundleView: {
            /** Format: uuid */
            id: string;
            appliance: components["schemas"]["Named"];
            /** Format: uuid */
            operation_id?: string | null;
            trigger: components["schemas"]["BundleTrigger"];
            state: components["schemas"]["BundleState"];
            /** Format: int64 */
            size_bytes?: number | null;
            /** Format: int64 */
            received_bytes: number;
            blake3?: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            completed_at?: string | null;
            /** Format: date-time */
            keep_until?: string | null;
            manifest?: unknown;
        };
        JoinTokenView: {
            /** Format: uuid */
            id: string;
            token?: string | null;
            organisation: components["schemas"]["Named"];
            site?: null | components["schemas"]["Named"];
            preauthorised: boolean;
            /** Format: int64 */
            uses: number;
            /** Format: int64 */
            uses_left: number;
            /** Format: date-time */
            expires_at: string;
            /** Format: date-time */
            created_at: string;
            created_by?: string | null;
            note?: string | null;
            /** Format: date-time */
            revoked_at?: string | null;
        };
        JoinTokenRequest: {
            /** Format: uuid */
            organisation_id?: string | null;
            /** Format: uuid */
            site_id?: string | null;
            preauthorised: boolean;
            /** Format: int64 */
            uses: number;
            /** Format: int64 */
            expires_in_seconds: number;
            note?: string | null;
        };
        AuditEntry: {
            /** Format: uuid */
            id: string;
            /** Format: date-time */
            at: string;
            /** Format: uuid */
            actor_id?: string | null;
            actor: string;
            action: string;
            object_kind: string;
            object_id: string;
            before?: unknown;
            after?: unknown;
            remote_address?: string | null;
            request_id?: string | null;
        };
        OrganisationView: {
            /** Format: uuid */
            id: string;
            name: string;
            kind: string;
            /** Format: uuid */
            parent_id?: string | null;
        };
        SiteView: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            organisation_id: string;
            name: string;
            address?: string | null;
            time_zone: string;
            contact?: string | null;
        };
        ServerView: {
            version: string;
            /** Format: int64 */
            incarnation: number;
            held: boolean;
            /** Format: date-time */
            held_since?: string | null;
            /** Format: int64 */
            appliances_reconciled: number;
            /** Format: int64 */
            appliances_total: number;
            /** Format: date-time */
            started_at: string;
        };
        Confirm: {
            confirm: string;
        };
        BundleRequest: {
            note?: string | null;
        };
        Appliances: {
            appliances: components["schemas"]["ApplianceSummary"][];
            /** Format: int64 */
            total: number;
            next?: string | null;
            /** Format: int64 */
            revision: number;
        };
        Operations: {
            operations: components["schemas"]["OperationView"][];
            /** Format: int64 */
            total: number;
            next?: string | null;
            /** Format: int64 */
            revision: number;
        };
        Bundles: {
            bundles: components["schemas"]["BundleView"][];
            /** Format: int64 */
            total: number;
            next?: string | null;
            /** Format: int64 */
            revision: number;
        };
        JoinTokens: {
            join_tokens: components["schemas"]["JoinTokenView"][];
            /** Format: int64 */
            total: number;
            next?: string | null;
            /** Format: int64 */
            revision: number;
        };
        Audit: {
            audit: components["schemas"]["AuditEntry"][];
            /** Format: int64 */
            total: number;
            next?: string | null;
            /** Format: int64 */
            revision: number;
        };
        Organisations: {
            organisations: components["schemas"]["OrganisationView"][];
            /** Format: int64 */
            total: number;
            next?: string | null;
            /** Format: int64 */
            revision: number;
        };
        Sites: {
            sites: components["schemas"]["SiteView"][];
            /** Format: int64 */
            total: number;
            next?: string | null;
            /** Format: int64 */
            revision: number;
        };
        Vms: {
            vms: components["schemas"]["Vm"][];
            /** Format: date-time */
            at?: string | null;
        };
        VolumesView: {
            volume_groups: components["schemas"]["VolumeGroup"][];
            volumes: components["schemas"]["Volume"][];
            /** Format: date-time */
            at?: string | null;
        };
        Boots: {
            boots: components["schemas"]["BootView"][];
            /** Format: date-time */
            at?: string | null;
        };
        Change: {
            kind: string;
            topic: string;
            /** Format: uuid */
            id: string;
            /** Format: int64 */
            version: number;
            row: unknown;
        };
        ChangeBatch: {
            changes: components["schemas"]["Change"][];
        };
        ApplianceView: components["schemas"]["ApplianceSummary"] & {
            facts?: null | components["schemas"]["Facts"];
            credential?: null | components["schemas"]["CredentialView"];
            warnings: string[];
        };
        AppliancePatch: {
            name?: string | null;
            /** Format: uuid */
            site_id?: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    post_login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginRequest"];
            };
        };
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResponse"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_session_refresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResponse"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_session_logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperatorView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_organisations: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
                sort?: string;
                q?: string;
                next?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organisations"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_sites: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
                sort?: string;
                q?: string;
                next?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sites"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_join_tokens: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
                sort?: string;
                q?: string;
                next?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JoinTokens"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_join_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["JoinTokenRequest"];
            };
        };
        responses: {
            /** @description ok */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JoinTokenView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_join_tokens__id_: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_appliances: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
                sort?: string;
                q?: string;
                next?: string;
                presence?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Appliances"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_appliances__id_: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplianceView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_appliances__id_: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AppliancePatch"];
            };
        };
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplianceView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_appliances__id__accept: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplianceView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_appliances__id__reject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplianceView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_appliances__id__decommission: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Confirm"];
            };
        };
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplianceView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_appliances__id__revoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Confirm"];
            };
        };
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplianceView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_appliances__id__clones_resolve: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Confirm"];
            };
        };
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplianceView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_appliances__id__vms: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Vms"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_appliances__id__volumes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VolumesView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_appliances__id__boots: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Boots"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_appliances__id__operations: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OperationRequest"];
            };
        };
        responses: {
            /** @description ok */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_appliances__id__bundles: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BundleRequest"];
            };
        };
        responses: {
            /** @description ok */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_operations: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
                sort?: string;
                q?: string;
                next?: string;
                appliance?: string;
                state?: string;
                kind?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operations"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_operations__id_: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_operations__id__cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_operations__id__write_off: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Confirm"];
            };
        };
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_bundles: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
                sort?: string;
                q?: string;
                next?: string;
                appliance?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Bundles"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_bundles__id_: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BundleView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_bundles__id_: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_audit: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
                sort?: string;
                q?: string;
                next?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Audit"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_server: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerView"];
                };
            };
            /** @description problem */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
