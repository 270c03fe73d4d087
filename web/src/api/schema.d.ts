// Generated from openapi.json by `npm run generate`; do not edit.

export interface paths {
    "/api/v1/alarms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a person must look at, and what a person had to look at once. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                    /** @description About this appliance. */
                    appliance?: components["schemas"]["ApplianceId"];
                    /** @description Of this kind. */
                    kind?: string;
                    /** @description `no` for those that are not over, `yes` for those that are. */
                    over?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part that was asked for. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alarms"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{id}/clear": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends an alarm that does not end by itself: someone has looked into what was found. */
        post: {
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
                /** @description It is over. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It was not carried out. */
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
        delete?: never;
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
        /** The table of appliances. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                    /** @description As in q; every other key of the filter language can be said so, too. */
                    presence?: components["schemas"]["Presence"];
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part that was asked for. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Appliances"];
                    };
                };
                /** @description It was not carried out. */
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
        /** One appliance, and all that is known of it. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The appliance. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ApplianceView"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Renames an appliance, or says where it stands. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AppliancePatch"];
                };
            };
            responses: {
                /** @description The appliance as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ApplianceView"];
                    };
                };
                /** @description It was not carried out. */
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
        /** Takes a pending appliance into the fleet. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The appliance as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ApplianceView"];
                    };
                };
                /** @description It was not carried out. */
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
        /** The runs of dom0 of an appliance through all epochs, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                };
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Its boots. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Boots"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
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
        /** Asks an appliance for its debug files. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["BundleRequest"];
                };
            };
            responses: {
                /** @description They are asked for. */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OperationView"];
                    };
                };
                /** @description It was not carried out. */
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
        /**
         * Says that the doubt whether there are two of an appliance is resolved: the one that is
         *     connected, or comes next, is the right one.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Confirm"];
                };
            };
            responses: {
                /** @description The appliance as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ApplianceView"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/components": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an appliance was made of, and when, as far as its boots are known here: by component and VM, newest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Its history. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ComponentHistory"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
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
        /** Takes an appliance out of the fleet; what is known of it stays. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Confirm"];
                };
            };
            responses: {
                /** @description The appliance as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ApplianceView"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/mitigations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the mitigations of an appliance stand, as it last reported it: in its files, and in the kernel
         *     that runs.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Its mitigations. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Mitigations"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/mitigations/effect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How often an appliance died before each mitigation was first in force on it, and since: it beside itself, by what its
         *     boots tell of swap, scheduler and overcommit, whoever changed them. Mitigations that never were in force are
         *     not there.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Before and after, and what may be said of it. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MitigationEffects"];
                    };
                };
                /** @description It was not carried out. */
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
        /** Asks an appliance for something. The answer says that it is asked for, not that it is done. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description What you call this request: asked again with the same key, it is the same operation. */
                    "Idempotency-Key"?: string | null;
                };
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["OperationRequest"];
                };
            };
            responses: {
                /** @description It is asked for. */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OperationView"];
                    };
                };
                /** @description It was not carried out. */
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
        /** Keeps a pending appliance out. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The appliance as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ApplianceView"];
                    };
                };
                /** @description It was not carried out. */
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
        /** Revokes an appliance's keys: it is cut off, and must join again. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Confirm"];
                };
            };
            responses: {
                /** @description The appliance as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ApplianceView"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begins to bring a file for an appliance: a debug bundle from a USB drive, an archive, any log. It is
         *     sent by tus 1.0 (`docs/uploads.md`), so that it can be gone on with after any interruption. Where
         *     Upload-Metadata has the file's `blake3`, beginning again is going on.
         */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description 1.0.0 */
                    "Tus-Resumable": string;
                    /** @description How many bytes will come. */
                    "Upload-Length": number;
                    /** @description Keys, each with a text in base64: filename, note, and blake3 of the whole in hexadecimal. */
                    "Upload-Metadata"?: string | null;
                };
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Where it is to be sent is in the header Location, the id of the bundle at its end. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It was not carried out. */
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
        delete?: never;
        /** What the server can do of tus. */
        options: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description In the headers: Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/appliances/{id}/usb-drives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The USB drives that are plugged into an appliance, as it last reported them. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Its drives. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UsbDrives"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
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
        /** The VMs of an appliance, as it last reported them. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Its VMs. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Vms"];
                    };
                };
                /** @description It was not carried out. */
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
        /** The volume groups and volumes of an appliance, as it last reported them. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ApplianceId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Its storage. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VolumesView"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
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
        /** Who changed what, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                    /** @description Such as appliance.accept. */
                    action?: string;
                    /** @description An e-mail address. */
                    actor?: string;
                    /** @description What it was done to. */
                    object_id?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part that was asked for. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Audit"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/backup-schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The schedules, oldest first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All of them. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BackupSchedules"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        /** Makes a schedule. Times before this moment do not count. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SchedulePlan"];
                };
            };
            responses: {
                /** @description The schedule. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BackupScheduleView"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/backup-schedules/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a schedule would choose, and when, if it were made. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SchedulePlan"];
                };
            };
            responses: {
                /** @description What it would choose. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SchedulePreview"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/backup-schedules/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A schedule. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ScheduleId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The schedule. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BackupScheduleView"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        /** Removes a schedule. What it has asked goes on, and its backups stay. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ScheduleId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is gone. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It was not carried out. */
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
        options?: never;
        head?: never;
        /**
         * Changes a schedule, pauses it or has it go on. Where it belongs to one's own organisation, it is done in
         *     one's own name from then on. Times before a change of what it says, and those that pass while it is
         *     paused, are not made up for.
         */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["ScheduleId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SchedulePatch"];
                };
            };
            responses: {
                /** @description The schedule as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BackupScheduleView"];
                    };
                };
                /** @description It was not carried out. */
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
        trace?: never;
    };
    "/api/v1/backup-schedules/{id}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What came of a schedule's times, newest first; with `latest=true` of the newest of each appliance, what
         *     came to nothing first.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Only the newest of each appliance. */
                    latest?: boolean;
                    /** @description How many, at most 500. */
                    limit?: number;
                    /** @description How many are skipped. */
                    offset?: number;
                    /** @description `next` of the page before. */
                    next?: string;
                };
                header?: never;
                path: {
                    id: components["schemas"]["ScheduleId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part that was asked for. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ScheduleRuns"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/backup-sets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The table of backup sets, as the appliances last told of them. Ask for `backup_list` to have what
         *     is on a drive told anew.
         */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                    /** @description Of this appliance. */
                    appliance?: components["schemas"]["ApplianceId"];
                    /** @description On this drive. */
                    drive?: components["schemas"]["DriveId"];
                    /** @description In this state, or one of several with commas between them. */
                    state?: components["schemas"]["SetState"];
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part that was asked for. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BackupSets"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/backup-sets/{id}/key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives the key of an encrypted backup set away, for work on site without a server and for safekeeping.
         *     It is put on record who asked.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["SetId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The key. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SetKey"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/boots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which boots have ended, how, and on what evidence: the last to end first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                    /** @description Of this appliance. */
                    appliance?: components["schemas"]["ApplianceId"];
                    /** @description Ended so, or in one of several ways with commas between them. */
                    end?: components["schemas"]["BootEnd"];
                    /** @description Where it is as sure as that. */
                    confidence?: components["schemas"]["Confidence"];
                    /** @description So many whole hours ago. The last day is `q=ended<24`. */
                    ended?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part that was asked for. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EndedBoots"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bulks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The table of what was asked of many appliances. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                    /** @description Of this kind. */
                    kind?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part that was asked for. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Bulks"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bulks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was asked of many appliances, and what became of it; failures first. */
        get: {
            parameters: {
                query?: {
                    /** @description Only results in this state, or one of several with commas between them. */
                    state?: string;
                    /** @description How many results, at most 500. */
                    limit?: number;
                    /** @description How many results are skipped. */
                    offset?: number;
                    /** @description `next` of the page before. */
                    next?: string;
                };
                header?: never;
                path: {
                    id: components["schemas"]["BulkId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description How far it is. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BulkView"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bulks/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * No longer wants what was asked of many: those that were not asked yet are not, and what nobody has
         *     begun with is cancelled. The answer says of how many that is so.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["BulkId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CancelRequest"];
                };
            };
            responses: {
                /** @description What was cancelled. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BulkCancelled"];
                    };
                };
                /** @description It was not carried out. */
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
        /** The table of bundles. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                    /** @description Of this appliance. */
                    appliance?: components["schemas"]["ApplianceId"];
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part that was asked for. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Bundles"];
                    };
                };
                /** @description It was not carried out. */
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
        /** One bundle. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["BundleId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The bundle. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BundleView"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        /** Removes the bytes of a bundle that nobody holds; that there was one stays known. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["BundleId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description They are gone. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It was not carried out. */
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
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bundles/{id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The bytes of a bundle: a tar archive, compressed by zstd, or what an operator has brought. One range
         *     can be asked for, to go on with a download.
         */
        get: {
            parameters: {
                query?: never;
                header?: {
                    /** @description bytes=… */
                    Range?: string | null;
                };
                path: {
                    id: components["schemas"]["BundleId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The bundle's bytes. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/zstd": number[];
                    };
                };
                /** @description A range of them. */
                206: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/zstd": number[];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bundles/{id}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The files in a bundle. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["BundleId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The files. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Contents"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bundles/{id}/files/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A part of a file in a bundle, as text. The path is one segment: its slashes are `%2F`. A part ends
         *     with a line where it can; the header X-Next-Offset says where the next begins, X-Trouble why there is
         *     no next although the file goes on. What is no UTF-8 is shown as U+FFFD.
         */
        get: {
            parameters: {
                query?: {
                    /** @description From which byte on. */
                    offset?: number;
                    /** @description At most so many bytes. */
                    limit?: number;
                    /** @description 1: all of it, as it is, to be kept. */
                    raw?: number;
                };
                header?: never;
                path: {
                    id: components["schemas"]["BundleId"];
                    path: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bundles/{id}/hold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keeps a bundle from going, until it is released. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["BundleId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["HoldRequest"];
                };
            };
            responses: {
                /** @description The bundle as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BundleView"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bundles/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets a bundle go when its time comes, which may be at once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["BundleId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The bundle as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BundleView"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bundles/{id}/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The lines of a bundle's files in which a text is. */
        get: {
            parameters: {
                query: {
                    /** @description The text; capital letters do not matter. */
                    q: string;
                    /** @description At most so many lines. */
                    limit?: number;
                };
                header?: never;
                path: {
                    id: components["schemas"]["BundleId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The lines. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BundleSearch"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Follows what changes. */
        get: {
            parameters: {
                query?: {
                    /** @description `fleet` (everything that you can see), `appliance:ID`, `operation:ID`; several with commas between them. */
                    topics?: string;
                    /** @description As the header Last-Event-ID. */
                    last_event_id?: number;
                };
                header?: {
                    /** @description Goes on after this one. */
                    "Last-Event-ID"?: number | null;
                };
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description `event: changes` with data as described, `event: reset` where everything is to be fetched again. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": components["schemas"]["ChangeBatch"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was found in debug bundles. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                    /** @description At this appliance. */
                    appliance?: components["schemas"]["ApplianceId"];
                    /** @description In this bundle. */
                    bundle?: components["schemas"]["BundleId"];
                    /** @description Of this signature. */
                    signature?: string;
                    /** @description This grave: info, warn, high, crit or fatal, or several of them with commas between them. */
                    severity?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part that was asked for. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Findings"];
                    };
                };
                /** @description It was not carried out. */
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
        /** The join tokens, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All of them. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["JoinTokens"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        /** Makes a join token. */
        post: {
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
                /** @description The token, this once. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewJoinTokenView"];
                    };
                };
                /** @description It was not carried out. */
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
        /** Takes a join token back. Appliances that joined with it stay. */
        delete: {
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
                /** @description Nobody can join with it any more. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It was not carried out. */
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
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Logs in. */
        post: {
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
                /** @description Logged in; three cookies say so too. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LoginResponse"];
                    };
                };
                /** @description It was not carried out. */
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
        /** Who is logged in. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description You. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OperatorView"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/migrations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The table of migrations, the newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                    /** @description As `next`. */
                    after?: string;
                    /** @description Of this appliance. */
                    appliance?: components["schemas"]["ApplianceId"];
                    /** @description Of appliances there. */
                    site?: string;
                    /** @description In this phase, or in one of several with commas between them. */
                    phase?: components["schemas"]["MigrationPhase"];
                    /** @description Waiting for this. */
                    waits?: components["schemas"]["MigrationWaits"];
                    /** @description `yes` or `no`: whether it is over. */
                    ended?: string;
                    /** @description So many whole hours ago. The last day is `q=started<24`. */
                    started?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part that was asked for. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Migrations"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        /** Starts a migration. The answer says that it is wanted: the appliance begins as soon as it hears of it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["MigrationRequest"];
                };
            };
            responses: {
                /** @description It is wanted. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Migration"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/migrations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One migration. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["MigrationId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The migration. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Migration"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/migrations/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it up, before the system disk may be overwritten: the appliance starts its VMs again. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["MigrationId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["MigrationCancelRequest"];
                };
            };
            responses: {
                /** @description It is given up. */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Migration"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/migrations/{id}/links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The links of a migration for people on site, the newest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["MigrationId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All of them, with none that could be opened by this. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MigrationLinks"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        /** Makes a link for the person on site: it shows the steps of this migration, and nothing can be done with it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["MigrationId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["MigrationLinkRequest"];
                };
            };
            responses: {
                /** @description The link, this once. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewMigrationLink"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/migrations/{id}/links/{link}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes a link back: from now on it opens nothing. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["MigrationId"];
                    link: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It opens nothing any more. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It was not carried out. */
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
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/migrations/{id}/lose": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Says that the appliance is not expected back, after a reset: the migration is over, and the appliance free for
         *     another one. As soon as the appliance tells of it, it goes on.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["MigrationId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["MigrationLoseRequest"];
                };
            };
            responses: {
                /** @description It is over. */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Migration"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/migrations/{id}/permit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A permit as the file that belongs on the drive, for an appliance that the server does not reach. */
        get: {
            parameters: {
                query?: {
                    /** @description That for the way back. */
                    way_back?: boolean;
                };
                header?: never;
                path: {
                    id: components["schemas"]["MigrationId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The file. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignedPermit"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/migrations/{id}/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What its journal tells, as far as the server has it. */
        get: {
            parameters: {
                query?: {
                    /** @description Those after this number. */
                    after?: number;
                    /** @description How many, at most 500. */
                    limit?: number;
                };
                header?: never;
                path: {
                    id: components["schemas"]["MigrationId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part that was asked for. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MigrationRecords"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/migrations/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Goes back to the system before, by another reset. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["MigrationId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["MigrationRollbackRequest"];
                };
            };
            responses: {
                /** @description It is wanted. */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Migration"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/migrations/{id}/stay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stays after all, where it was to go back and has not been reset yet. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["MigrationId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is wanted. */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Migration"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/migrations/{id}/vms/{vm}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Has a VM tried again that failed. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["MigrationId"];
                    vm: components["schemas"]["VmId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["MigrationRetryRequest"];
                };
            };
            responses: {
                /** @description It is wanted. */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Migration"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/migrations/{id}/vms/{vm}/waive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Goes without a VM that failed, or takes it as it is. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["MigrationId"];
                    vm: components["schemas"]["VmId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is wanted. */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Migration"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/on-site": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the person on site has to do, for whoever has a link: what comes after its `#` is the bearer token here. A
         *     link that is wrong, over or taken back is answered like one that never was.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The steps, and where the migration is. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OnSite"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
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
        /** The table of operations. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                    /** @description Of this appliance. */
                    appliance?: components["schemas"]["ApplianceId"];
                    /** @description In this state, or one of several with commas between them. */
                    state?: components["schemas"]["OperationState"];
                    /** @description Of this kind. */
                    kind?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part that was asked for. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Operations"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        /**
         * Asks many appliances for something. The answer says which were asked, and which were refused
         *     and why; those that it does not say that of are asked soon.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description What you call this request: asked again with the same key, nothing more is asked. */
                    "Idempotency-Key"?: string | null;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["BulkRequest"];
                };
            };
            responses: {
                /** @description What would be asked (`dry_run`). */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BulkView"];
                    };
                };
                /** @description They are asked. */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BulkView"];
                    };
                };
                /** @description It was not carried out. */
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
        /** One operation. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["OperationId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The operation. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OperationView"];
                    };
                };
                /** @description It was not carried out. */
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
        /**
         * No longer wants an operation. Once it was offered, only the appliance's word ends it; one that
         *     runs is stopped where nothing is left half done, or goes on to its end.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["OperationId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The operation as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OperationView"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operations/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Follows one operation. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["OperationId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description As at /events. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": components["schemas"]["ChangeBatch"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
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
        /**
         * Gives up an operation that is lost. Frees what it held at the server, and nothing else: should
         *     the appliance speak of it later, that is kept.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["OperationId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Confirm"];
                };
            };
            responses: {
                /** @description The operation as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OperationView"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operators": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The operators, by e-mail address. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All of them. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Operators"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        /** Makes an operator. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["OperatorRequest"];
                };
            };
            responses: {
                /** @description The operator. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OperatorAccountView"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operators/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes an operator. An organisation keeps at least one admin who can log in. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["OperatorId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["OperatorPatch"];
                };
            };
            responses: {
                /** @description The operator as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OperatorAccountView"];
                    };
                };
                /** @description It was not carried out. */
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
        trace?: never;
    };
    "/api/v1/organisations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's organisation and all below, parents before children. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All of them. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Organisations"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        /** Makes an organisation below one that the caller can see. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["OrganisationRequest"];
                };
            };
            responses: {
                /** @description The organisation. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OrganisationView"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/releases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is said of versions: by component, and newest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All of them. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Releases"];
                    };
                };
                /** @description It was not carried out. */
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
        /**
         * Says something of a version, in place of what was said before. Appliances that run it show it. Only the topmost
         *     organisation may.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ReleaseWords"];
                };
            };
            responses: {
                /** @description What is known now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReleaseView"];
                    };
                };
                /** @description It was not carried out. */
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
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/releases/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Forgets what was said of a version. Only the topmost organisation may. */
        delete: {
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
                /** @description Nothing is said of it any more. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It was not carried out. */
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
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reliability": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Which component makes appliances freeze, as far as that can be said of what was watched: rates with exact intervals,
         *     curves, what cannot be told apart, a model of all components at once, and what that amounts to. Never the
         *     cause, always the evidence. It may be a minute old.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Of the appliances for which this filter holds (docs/filter.md). Uptimes that were brought here count where they are of such an appliance. */
                    q?: string;
                    /** @description How improbable chance must be, after all components were asked about, before one is named: 0.01 where nothing is said, from 0.0001 to 0.2. */
                    alpha?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What can be said. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReliabilityView"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reliability/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Two values of a component beside each other: rates, curves, and what became of appliances that changed from one to the
         *     other.
         */
        get: {
            parameters: {
                query: {
                    /** @description Of which component. */
                    component: components["schemas"]["Component"];
                    /** @description One value. */
                    a: string;
                    /** @description The other. */
                    b: string;
                    /** @description Of the appliances for which this filter holds. */
                    q?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Both. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Comparison"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reliability/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tables of uptimes that were brought here, newest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All of them. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Imports"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        /**
         * Brings uptimes of before: CSV with a header and a row for each boot, or for each part of one in which nothing changed. The
         *     columns are `appliance`, `exit_days` (the uptime in days), `end` (how it ended, or `running`), `entry_days` (the
         *     uptime from which on it was watched), `boot`, and any component such as `xen` or `disk_format`. An appliance of the
         *     fleet is known by its name.
         */
        post: {
            parameters: {
                query?: {
                    /** @description What the table is called. */
                    source?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "text/csv": string;
                };
            };
            responses: {
                /** @description The table. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ImportView"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reliability/imports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Forgets a table of uptimes. */
        delete: {
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
                /** @description It is gone. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It was not carried out. */
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
        /** Which server this is, and whether it waits after a restore. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The server. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ServerView"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/server/release-hold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ends the waiting after a restore, whoever has not reported yet. An appliance that then gets an
         *     operation which it had already done refuses it by its own journal.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Confirm"];
                };
            };
            responses: {
                /** @description The server as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ServerView"];
                    };
                };
                /** @description It was not carried out. */
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
        /** Logs out: the login is over at once, and everything that descends from it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Logged out. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It was not carried out. */
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
        /** Goes on with a login, by the cookie `domfleet_refresh`; the cookie is good for one time. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Still logged in. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LoginResponse"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/signatures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is looked for in debug bundles: what comes with Domfleet, then what was added by one's own organisation, those below
         *     and those above.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All of them. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Signatures"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        /**
         * Adds a signature. It is looked for in all bundles of one's own organisation and of those below, those that are there
         *     included.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Signature"];
                };
            };
            responses: {
                /** @description What is looked for. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignatureView"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/signatures/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Forgets a signature that was added. What was found of it goes when the bundles are searched anew. */
        delete: {
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
                /** @description It is not looked for any more. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It was not carried out. */
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
        /** The sites, by name. */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All of them. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Sites"];
                    };
                };
                /** @description It was not carried out. */
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
        put?: never;
        /** Makes a site. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SiteRequest"];
                };
            };
            responses: {
                /** @description The site. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SiteView"];
                    };
                };
                /** @description It was not carried out. */
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes a site. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: components["schemas"]["SiteId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SitePatch"];
                };
            };
            responses: {
                /** @description The site as it is now. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SiteView"];
                    };
                };
                /** @description It was not carried out. */
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
        trace?: never;
    };
    "/api/v1/uploads/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** PATCH or DELETE, where a proxy lets no other method through: X-HTTP-Method-Override says which. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description PATCH or DELETE */
                    "X-HTTP-Method-Override": string;
                };
                path: {
                    id: components["schemas"]["BundleId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/offset+octet-stream": number[];
                };
            };
            responses: {
                /** @description As the other method. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It was not carried out. */
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
        /** Ends an upload that is not whole, and removes what is here of it. */
        delete: {
            parameters: {
                query?: never;
                header: {
                    /** @description 1.0.0 */
                    "Tus-Resumable": string;
                };
                path: {
                    id: components["schemas"]["BundleId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is over. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It was not carried out. */
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
        options?: never;
        /** How far a file is that an operator brings. Upload-Complete says whether it is verified and stored. */
        head: {
            parameters: {
                query?: never;
                header: {
                    /** @description 1.0.0 */
                    "Tus-Resumable": string;
                };
                path: {
                    id: components["schemas"]["BundleId"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description In the headers: Upload-Offset, Upload-Length, Upload-Expires, Upload-Complete. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        /** Brings a piece of a file. */
        patch: {
            parameters: {
                query?: never;
                header: {
                    /** @description 1.0.0 */
                    "Tus-Resumable": string;
                    /** @description Where the piece begins. */
                    "Upload-Offset": number;
                    /** @description sha1, sha256 or blake3, a blank, and the piece's checksum in base64. */
                    "Upload-Checksum"?: string | null;
                };
                path: {
                    id: components["schemas"]["BundleId"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/offset+octet-stream": number[];
                };
            };
            responses: {
                /** @description It is on disk; Upload-Offset says how far it is now. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It was not carried out. */
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
        trace?: never;
    };
    "/api/v1/usb-drives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The USB drives that are plugged into appliances, as these last told of them. Ask for `usb_list` to
         *     have one look again.
         */
        get: {
            parameters: {
                query?: {
                    /** @description How many rows, at most 500. */
                    limit?: number;
                    /** @description How many rows are skipped. */
                    offset?: number;
                    /** @description The column to sort by; after a hyphen, the other way round. */
                    sort?: string;
                    /** @description A filter (docs/filter.md). */
                    q?: string;
                    /** @description `next` of the page before; goes on from there. */
                    next?: string;
                    /** @description Of this appliance. */
                    appliance?: components["schemas"]["ApplianceId"];
                    /** @description This drive of ours, wherever it is. */
                    drive?: components["schemas"]["DriveId"];
                    /** @description Of this serial number. */
                    serial?: string;
                    /** @description That may be used so: ours, unfinished, empty, foreign, system or unknown, or several of them with commas between them. */
                    use?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The part that was asked for. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FleetDrives"];
                    };
                };
                /** @description It was not carried out. */
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
        /** @description Something that a person must look at. */
        AlarmView: {
            appliance?: components["schemas"]["Named"] | null;
            cleared_at?: components["schemas"]["Timestamp"] | null;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description What kind of thing is wrong, such as `backup_damaged`. */
            kind: string;
            /** @description What is wrong. */
            message: string;
            /** @description Whose it is. */
            organisation: components["schemas"]["Named"];
            /** @description Since when. */
            raised_at: components["schemas"]["Timestamp"];
        };
        /** @description A part of the table of alarms. */
        Alarms: {
            /** @description The rows. */
            alarms: components["schemas"]["AlarmView"][];
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description How much was watched. */
        Amount: {
            /**
             * Format: double
             * @description How long appliances were watched.
             */
            appliance_days: number;
            /**
             * Format: double
             * @description How many died.
             */
            deaths: number;
        };
        /**
         * Format: uuid
         * @description An appliance, through all its epochs.
         */
        ApplianceId: string;
        /** @description What can be changed of an appliance by hand. */
        AppliancePatch: {
            /** @description Its name. */
            name?: string | null;
            site_id?: components["schemas"]["SiteId"] | null;
        };
        /**
         * @description Whether an appliance belongs to the fleet.
         * @enum {string}
         */
        ApplianceState: "pending" | "accepted" | "rejected" | "decommissioned";
        /** @description An appliance, as it is listed. */
        ApplianceSummary: {
            booted_at?: components["schemas"]["Timestamp"] | null;
            /** @description All versions. */
            components: components["schemas"]["Components"];
            /**
             * Format: int32
             * @description Counts its reinstalls.
             */
            epoch: number;
            /** @description The vendor's release that runs on it. */
            hypervisor_version?: string | null;
            /** @description Its id, through all epochs. */
            id: components["schemas"]["ApplianceId"];
            last_seen_at?: components["schemas"]["Timestamp"] | null;
            /** @description Its name. */
            name: string;
            /** @description Whose it is. */
            organisation: components["schemas"]["Named"];
            /** @description Whether it is heard of. */
            presence: components["schemas"]["Presence"];
            /** @description Since when. */
            presence_since: components["schemas"]["Timestamp"];
            /** @description Why nothing that changes anything is asked of it. */
            read_only?: string | null;
            site?: components["schemas"]["Named"] | null;
            /** @description Whether it belongs to the fleet. */
            state: components["schemas"]["ApplianceState"];
            /**
             * Format: int64
             * @description Rises with each change.
             */
            version: number;
            /**
             * Format: int32
             * @description VMs that run.
             */
            vms_running: number;
            /**
             * Format: int32
             * @description VMs in all.
             */
            vms_total: number;
        };
        /** @description An appliance, with all that is known of it. */
        ApplianceView: components["schemas"]["ApplianceSummary"] & {
            /** @description When it joined. */
            created_at: components["schemas"]["Timestamp"];
            credential?: components["schemas"]["CredentialView"] | null;
            facts?: components["schemas"]["Facts"] | null;
            /** @description dom0's own name for itself. */
            hostname: string;
            /** @description What a person should look at. */
            warnings: string[];
        };
        /** @description A part of the table of appliances. */
        Appliances: {
            /** @description The rows. */
            appliances: components["schemas"]["ApplianceSummary"][];
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description One appliance before and after a change. */
        Around: {
            /** @description The appliance. */
            appliance: string;
            /**
             * Format: double
             * @description How long it was watched after it, as long as it stayed so.
             */
            days_after: number;
            /**
             * Format: double
             * @description How long it was watched before, in days.
             */
            days_before: number;
            /** @description How often it died. */
            deaths_after: number;
            /** @description How often it died. */
            deaths_before: number;
        };
        /** @description A part of the audit trail. */
        Audit: {
            /** @description The rows. */
            audit: components["schemas"]["AuditEntry"][];
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description An entry of the audit trail. */
        AuditEntry: {
            /** @description What was done, such as `appliance.accept`. */
            action: string;
            /** @description Its e-mail address then, or a word. */
            actor: string;
            actor_id?: components["schemas"]["OperatorId"] | null;
            /** @description What it was after. */
            after?: Record<string, never> | null;
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description What it was before. */
            before?: Record<string, never> | null;
            /**
             * Format: uuid
             * @description Its id; they sort by age.
             */
            id: string;
            /** @description To which. */
            object_id: string;
            /** @description To what kind of thing. */
            object_kind: string;
            /** @description Where the request came from. */
            remote_address?: string | null;
            /** @description The id of the request. */
            request_id?: string | null;
        };
        /** @description A set to be held against the disks that it was made of, where they are now. */
        BackupCompare: {
            /** @description The drive, which must be plugged in. */
            drive: components["schemas"]["DriveId"];
            set?: components["schemas"]["SetId"] | null;
            vm?: components["schemas"]["VmId"] | null;
        };
        /** @description VMs to be backed up onto a drive of ours; every byte is read back. */
        BackupCreate: {
            /** @description The drive, which must be plugged in. */
            drive: components["schemas"]["DriveId"];
            /** @description Encrypt the set, with a key that the server keeps. Otherwise whoever has the drive can read it. */
            encrypted?: boolean;
            keep?: components["schemas"]["Keep"] | null;
            readonly key?: components["schemas"]["KeyName"] | null;
            /**
             * @description Make parity of it once it is verified, a tenth of its size: so that it survives a drive that loses
             *     some of it.
             */
            parity?: boolean;
            /**
             * @description Shut down those that run, and start them again afterwards, whatever comes of the backup.
             *     Otherwise a VM that runs is a reason to refuse.
             */
            shut_down?: boolean;
            /**
             * @description Let those that run go on, and copy snapshots of their disks, all of a VM from one moment. Each
             *     of their disks must be a logical volume.
             */
            snapshot?: boolean;
            /** @description The VMs; all that the appliance has where none is named. The server settles it. */
            vms?: components["schemas"]["VmId"][];
        };
        /** @description A backup that another program has made, to be taken over as a set of ours. */
        BackupImport: {
            /** @description The drive that the set is made on, which must be plugged in. */
            drive: components["schemas"]["DriveId"];
            /** @description Encrypt the set, as for a new backup. */
            encrypted?: boolean;
            /** @description The folder in dom0, by its absolute path: disk images, and the xl configurations of their VMs. */
            from: string;
            readonly key?: components["schemas"]["KeyName"] | null;
        };
        /** @description Sets of a drive that need not be kept, to be removed. */
        BackupPrune: {
            /** @description The drive, which must be plugged in. */
            drive: components["schemas"]["DriveId"];
            /** @description Only say what would be removed. */
            dry_run?: boolean;
            /** @description What is kept. It must keep something. */
            keep: components["schemas"]["Keep"];
        };
        /** @description A VM to be restored out of a set. */
        BackupRestore: {
            /**
             * @description As a VM of this name, with a new UUID and new addresses, which can run beside it; as itself
             *     where it is not said.
             */
            as_name?: string | null;
            /** @description The drive, which must be plugged in. */
            drive: components["schemas"]["DriveId"];
            set?: components["schemas"]["SetId"] | null;
            /** @description Where its disks go. */
            to: components["schemas"]["RestoreTo"];
            /** @description The VM. */
            vm: components["schemas"]["VmId"];
        };
        /** @description A schedule. */
        BackupScheduleView: {
            /**
             * Format: int64
             * @description How many appliances it chooses now.
             */
            appliances: number;
            /** @description When it was made. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Who wrote it. It reaches what they may see, for as long as they may ask. */
            created_by: components["schemas"]["RequestedBy"];
            /** @description Its id. */
            id: components["schemas"]["ScheduleId"];
            /** @description What came of the newest time of each appliance, counted. */
            last: components["schemas"]["LastRuns"];
            /** @description The next times, in each time zone in which there is one of its appliances. */
            next: components["schemas"]["NextTimes"][];
            /** @description Whose it is. */
            organisation: components["schemas"]["Named"];
            /** @description Whether nothing is asked for the time being. */
            paused: boolean;
            /** @description What it says. */
            plan: components["schemas"]["SchedulePlan"];
            /** @description Why nothing is asked although it is not paused. */
            trouble?: string | null;
            /**
             * Format: int64
             * @description Rises with each change.
             */
            version: number;
        };
        /** @description The schedules. */
        BackupSchedules: {
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /** @description The rows. */
            schedules: components["schemas"]["BackupScheduleView"][];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A backup set on a drive, as the appliance last told of it that had the drive. */
        BackupSetView: components["schemas"]["SetSummary"] & {
            /** @description The appliance. */
            appliance: components["schemas"]["Named"];
            /** @description The drive. */
            drive: components["schemas"]["DriveId"];
            gone_at?: components["schemas"]["Timestamp"] | null;
            /** @description How sure it is. */
            state: components["schemas"]["SetState"];
            /** @description When that was told. */
            told_at: components["schemas"]["Timestamp"];
        };
        /** @description A part of the table of backup sets. */
        BackupSets: {
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /** @description The rows. */
            sets: components["schemas"]["BackupSetView"][];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description Appliances before and after a change. */
        BeforeAfter: {
            /** @description Each appliance on which that was done. */
            appliances: components["schemas"]["Around"][];
            /** @description What was changed. */
            component: components["schemas"]["Component"];
            /** @description What it was. */
            from: string;
            ratio?: components["schemas"]["Range"] | null;
            ratio_without_last?: components["schemas"]["Range"] | null;
            /** @description What it became. */
            to: string;
        };
        /** @description One run of dom0. */
        Boot: {
            /** @description The kernel's `boot_id`. */
            boot_id: components["schemas"]["BootId"];
            /** @description What it was made of when it was first seen, and what changed later, in order. */
            changes?: components["schemas"]["Change"][];
            /** @description The versions that ran. */
            components: components["schemas"]["Components"];
            confidence?: components["schemas"]["Confidence"] | null;
            end?: components["schemas"]["BootEnd"] | null;
            ended_at?: components["schemas"]["Timestamp"] | null;
            /** @description What was found, a sentence each. */
            evidence?: string[];
            /**
             * Format: int64
             * @description dom0's uptime when the agent first saw this boot; nothing where an older agent did not note it. What
             *     was before that was not watched.
             */
            first_seen_seconds?: number | null;
            /**
             * Format: int64
             * @description dom0's uptime at the last sign of life, once it is over.
             */
            last_seen_seconds?: number | null;
            /** @description When it began, by dom0's clock. */
            started_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description How a boot ended.
         * @enum {string}
         */
        BootEnd: "clean" | "upgrade" | "panic" | "watchdog" | "hang" | "power_loss" | "provoked" | "unknown" | "lost";
        /**
         * Format: uuid
         * @description One run of dom0: the kernel's `boot_id`.
         */
        BootId: string;
        /** @description A run of dom0, and the epoch that it was in. */
        BootView: components["schemas"]["Boot"] & {
            /**
             * Format: int32
             * @description The epoch of the appliance.
             */
            epoch: number;
        };
        /** @description A part of the list of boots. */
        Boots: {
            /** @description The rows. */
            boots: components["schemas"]["BootView"][];
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description What became of it where what was asked of many is no longer wanted. */
        BulkCancelled: {
            /**
             * Format: int64
             * @description Operations that are over: nobody had heard of them.
             */
            cancelled: number;
            /**
             * Format: int64
             * @description Operations that are over once their appliance has said so.
             */
            cancelling: number;
            /**
             * Format: int64
             * @description Appliances that were not asked yet, and are not asked any more.
             */
            withdrawn: number;
        };
        /**
         * Format: uuid
         * @description A request that asks many appliances at once.
         */
        BulkId: string;
        /** @description What is asked of many appliances. */
        BulkRequest: {
            /** @description Which: their ids, at most 1000. */
            appliances?: components["schemas"]["ApplianceId"][] | null;
            /**
             * @description How many appliances it concerns, in words such as `12 appliances`, where something is ended
             *     or destroyed.
             */
            confirm?: string | null;
            /** @description Whether only to say what would be admitted and what refused. */
            dry_run?: boolean;
            /**
             * Format: int32
             * @description How long it may wait for an appliance; an hour where it is not said.
             */
            expires_in_seconds?: number | null;
            /** @description Which: a filter of appliances (docs/filter.md). Either this or `appliances`. */
            filter?: string | null;
            /**
             * Format: int64
             * @description At most so many appliances, the first by name. Where it is not said, all that match are
             *     meant, and more than 2000 are refused.
             */
            limit?: number | null;
            /** @description What. A debug bundle needs no id here: each appliance gets one of its own. */
            operation: components["schemas"]["Operation"];
            /**
             * @description What of it that waits for an appliance is offered first; after everything else where it is
             *     not said.
             */
            priority?: components["schemas"]["Priority"];
        };
        /** @description What became of it at one appliance. */
        BulkResult: {
            /** @description The appliance. */
            appliance: components["schemas"]["Named"];
            operation_id?: components["schemas"]["OperationId"] | null;
            progress?: components["schemas"]["Progress"] | null;
            reason?: components["schemas"]["Reason"] | null;
            /**
             * @description `pending` where it has not been asked yet, `refused` where it was not admitted, `admitted`
             *     where it would be, else the operation's state.
             */
            state: string;
            /** @description What a person can do about a refusal. */
            what_to_do?: string | null;
        };
        /** @description The same without what became of it at each appliance. */
        BulkSummaryView: {
            /** @description What it can do. */
            class: components["schemas"]["Class"];
            /** @description How many there are in each [`BulkResult::state`]; states that none is in are left out. */
            counts: {
                [key: string]: number;
            };
            /** @description When. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Whether nothing more will change. */
            done: boolean;
            /** @description The filter that chose the appliances, where one did. */
            filter?: string | null;
            /** @description Its id. */
            id: components["schemas"]["BulkId"];
            /** @description What kind of thing. */
            kind: string;
            /** @description What is offered first. */
            priority: components["schemas"]["Priority"];
            /** @description Who asked. */
            requested_by: components["schemas"]["RequestedBy"];
            /**
             * Format: int64
             * @description How many appliances.
             */
            total: number;
        };
        /** @description Something that was asked of many appliances at once. */
        BulkView: {
            /** @description What it can do. */
            class: components["schemas"]["Class"];
            /** @description How many there are in each [`BulkResult::state`]; states that none is in are left out. */
            counts: {
                [key: string]: number;
            };
            /** @description When. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Whether nothing more will change. */
            done: boolean;
            /** @description Whether it was only tried out: nothing is asked of anybody. */
            dry_run: boolean;
            /** @description The filter that chose them, where one did. */
            filter?: string | null;
            id?: components["schemas"]["BulkId"] | null;
            /** @description What kind of thing. */
            kind: string;
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /** @description All of it. */
            operation: components["schemas"]["Operation"];
            /** @description What is offered first. */
            priority: components["schemas"]["Priority"];
            requested_by?: components["schemas"]["RequestedBy"] | null;
            /** @description Some of the appliances; failures first. */
            results: components["schemas"]["BulkResult"][];
            /**
             * Format: int64
             * @description How many appliances.
             */
            total: number;
        };
        /** @description A part of the table of what was asked of many appliances. */
        Bulks: {
            /** @description The rows. */
            bulks: components["schemas"]["BulkSummaryView"][];
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A line in which a text is. */
        BundleHit: {
            /** @description The file. */
            file: string;
            /**
             * Format: int64
             * @description The line, from 1.
             */
            line: number;
            /** @description The line itself, or the part of it around the text. */
            text: string;
        };
        /** @description Somebody keeps a bundle from going. */
        BundleHold: {
            /** @description Who. */
            by: string;
            /** @description What for. */
            note: string;
            /** @description Since when. */
            since: components["schemas"]["Timestamp"];
        };
        /**
         * Format: uuid
         * @description A debug bundle.
         */
        BundleId: string;
        /**
         * @description What a bundle is, as far as it could be looked into.
         * @enum {string}
         */
        BundleKind: "bundle" | "archive" | "file";
        /** @description Debug files are asked for. */
        BundleRequest: {
            /** @description Why, for whoever finds the bundle. */
            note?: string;
        };
        /** @description What a search has found. */
        BundleSearch: {
            /** @description The lines, in their order. */
            hits: components["schemas"]["BundleHit"][];
            /** @description Whether there may be more: as many as were asked for were found. */
            more: boolean;
            /**
             * Format: int64
             * @description How much was searched.
             */
            searched_bytes: number;
            /** @description Why not all of the bundle was searched. */
            troubles: string[];
        };
        /**
         * @description How far a bundle is.
         * @enum {string}
         */
        BundleState: "requested" | "collecting" | "uploading" | "received" | "complete" | "failed" | "expired";
        /**
         * @description Why there is a bundle.
         * @enum {string}
         */
        BundleTrigger: "on_demand" | "unclean_boot" | "fatal_message" | "upload";
        /** @description A debug bundle. */
        BundleView: {
            /** @description The appliance that it is from. */
            appliance: components["schemas"]["Named"];
            /** @description BLAKE3 of all of it, in hexadecimal. */
            blake3?: string | null;
            completed_at?: components["schemas"]["Timestamp"] | null;
            /** @description When it was asked for. */
            created_at: components["schemas"]["Timestamp"];
            /** @description What the file was called that an operator brought. */
            file_name?: string | null;
            hold?: components["schemas"]["BundleHold"] | null;
            /** @description Its id. */
            id: components["schemas"]["BundleId"];
            /** @description When its bytes go, unless it is held. */
            keep_until: components["schemas"]["Timestamp"];
            /** @description What it is. */
            kind: components["schemas"]["BundleKind"];
            /** @description What is in it. */
            manifest?: Record<string, never> | null;
            /** @description What the person who asked for it, or brought it, noted. */
            note: string;
            operation_id?: components["schemas"]["OperationId"] | null;
            /**
             * Format: int64
             * @description How much of it is here.
             */
            received_bytes: number;
            /**
             * Format: int64
             * @description Its size, once that is known.
             */
            size_bytes?: number | null;
            /** @description How far it is. */
            state: components["schemas"]["BundleState"];
            /** @description Why it is there. */
            trigger: components["schemas"]["BundleTrigger"];
            /**
             * Format: int64
             * @description Rises with each change.
             */
            version: number;
        };
        /** @description A part of the table of bundles. */
        Bundles: {
            /** @description The rows. */
            bundles: components["schemas"]["BundleView"][];
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description What of a request is no longer wanted. */
        CancelRequest: {
            /** @description What has begun, too: it is stopped where nothing is left half done, or goes on to its end. */
            begun?: boolean;
        };
        /** @description Something that changed. */
        Change: {
            /**
             * Format: uuid
             * @description The id of the thing.
             */
            id: string;
            /** @description `appliance`, `operation`, `bundle`, `migration` or `alarm`. */
            kind: string;
            /** @description The thing as it is now, as its list has it; nothing where it is gone. */
            row?: Record<string, never> | null;
            /** @description The narrowest topic that it belongs to. */
            topic: string;
            /**
             * Format: int64
             * @description Its version.
             */
            version: number;
        };
        /** @description The data of one message. */
        ChangeBatch: {
            /** @description The newest state of each thing that changed. */
            changes: components["schemas"]["Change"][];
        };
        /**
         * @description What an operation can do to an appliance.
         * @enum {string}
         */
        Class: "read" | "mutate" | "destructive";
        /** @description Two values of a component beside each other. */
        Comparison: {
            /**
             * @description What became of appliances that changed from one to the other, each beside itself before; in each
             *     direction in which there were any.
             */
            around: components["schemas"]["BeforeAfter"][];
            /** @description When it was worked out. */
            as_of: components["schemas"]["Timestamp"];
            /** @description The names of appliances that are spoken of by their ids. */
            names: components["schemas"]["Named"][];
            report?: components["schemas"]["ComponentReport"] | null;
        };
        /**
         * @description A part of an appliance that has a version or a value.
         * @enum {string}
         */
        Component: "hypervisor" | "dom0_kernel" | "xen" | "qemu_installed" | "qemu_running" | "alpine" | "disk_format" | "io_scheduler" | "swap" | "overcommit" | "agent" | "unknown";
        /** @description What an appliance was made of, and when. */
        ComponentHistory: {
            /** @description By component and VM, newest first. */
            spans: components["schemas"]["ComponentSpan"][];
        };
        /** @description One component by itself. What always changes together with it is in here too. */
        ComponentReport: {
            /** @description Which. */
            component: components["schemas"]["Component"];
            log_rank?: components["schemas"]["Difference"] | null;
            /** @description Its values, in sorted order. */
            values: components["schemas"]["ValueReport"][];
        };
        /** @description A time in which a component was the same. */
        ComponentSpan: {
            /**
             * Format: int32
             * @description In how many boots.
             */
            boots: number;
            /** @description Which. */
            component: components["schemas"]["Component"];
            /** @description From when on, by dom0's clock. */
            from: components["schemas"]["Timestamp"];
            until?: components["schemas"]["Timestamp"] | null;
            /** @description What it was. */
            value: string;
            vm?: components["schemas"]["VmId"] | null;
        };
        /** @description What the model says of one component, or of several that cannot be told apart. */
        ComponentTest: {
            /**
             * Format: double
             * @description How far all its hazard ratios together are from 1.
             */
            chi2: number;
            /** @description Which. */
            components: components["schemas"]["Component"][];
            /**
             * Format: double
             * @description A hazard ratio as large as this would have been found, four times in five; null where nothing would.
             */
            detectable_ratio?: number | null;
            /** @description Degrees of freedom. */
            df: number;
            /**
             * Format: double
             * @description How probable chance alone makes as much.
             */
            p: number;
            /**
             * Format: double
             * @description The same, after all components were asked about (Holm).
             */
            p_adjusted: number;
            /**
             * Format: double
             * @description The same as `p`, were all ends that nobody knows of deaths.
             */
            p_with_unknown: number;
            /** @description Those from which some of its values, though not all, cannot be told apart. */
            partly_like: components["schemas"]["Component"][];
            /** @description Each value beside the one that was watched longest. */
            values: components["schemas"]["Hazard"][];
        };
        /** @description Versions of what an appliance is made of: the suspects, each by itself. */
        Components: {
            /** @description The agent. */
            agent?: string | null;
            /** @description Alpine, as `/etc/alpine-release` has it. */
            alpine?: string | null;
            /** @description dom0's kernel, as `uname -r` prints it. */
            dom0_kernel?: string | null;
            /** @description The vendor's release, as its product file names it. */
            hypervisor?: string | null;
            /** @description The I/O scheduler of the system disk. */
            io_scheduler?: string | null;
            /**
             * Format: int32
             * @description `vm.overcommit_memory`.
             */
            overcommit?: number | null;
            /** @description The QEMU that is installed. What runs is told for each VM. */
            qemu_installed?: string | null;
            /** @description Whether swap is on. */
            swap?: boolean | null;
            /** @description Xen, as `xl info` has it in `xen_version`. */
            xen?: string | null;
        };
        /**
         * @description How sure a classification is.
         * @enum {string}
         */
        Confidence: "low" | "medium" | "high";
        /** @description That a person means it. */
        Confirm: {
            /** @description The name of what it is about. */
            confirm: string;
        };
        /**
         * @description What can be said yes to.
         * @enum {string}
         */
        ConsentCode: "image_damaged" | "snapshots_lost" | "passthrough" | "vm_excluded" | "group_too_small" | "only_copy";
        /** @description What the superblock of a drive or a partition says. */
        Content: {
            /** @description ext2, ext3 and ext4: its features by the names that `mkfs.ext4 -O` takes. */
            features: string[];
            /** @description Of what kind it is. */
            kind: components["schemas"]["ContentKind"];
            /** @description Its label. */
            label?: string | null;
            /** @description A UUID, or the serial number that FAT, exFAT and NTFS have instead. */
            uuid?: string | null;
        };
        /**
         * @description What a drive or a partition can hold.
         * @enum {string}
         */
        ContentKind: "ext2" | "ext3" | "ext4" | "fat" | "exfat" | "ntfs" | "iso9660" | "xfs" | "btrfs" | "squashfs" | "swap" | "lvm_pv" | "luks" | "raid_member" | "unknown";
        /** @description What is in a bundle. */
        Contents: {
            /** @description The files in it, in their order. */
            files: components["schemas"]["FileInside"][];
            /** @description How it is packed, such as `tar.zst`; `file` where it is not. */
            format: string;
            /** @description What it is. */
            kind: components["schemas"]["BundleKind"];
            /** @description What is wrong with it, in sentences. What is listed can be read all the same. */
            troubles: string[];
            /**
             * Format: int64
             * @description How much they are in all, as far as could be read.
             */
            unpacked_bytes: number;
        };
        /** @description Where the result of a conversion goes. */
        ConvertTo: {
            /** @description A new file, by its absolute path. Nothing may be there. */
            path: string;
        } | {
            /** @description A managed volume that no VM uses, by its `lv_uuid`. Everything on it is lost. */
            volume: string;
        } | {
            /** @description A volume that is made for it, and removed again where nothing comes of it. */
            new_volume: components["schemas"]["NewVolume"];
        };
        /** @description How there come to be two independent copies of every VM between the wipe and a healthy restore. */
        Copies: {
            /** @enum {string} */
            kind: "data_region";
        } | {
            /** @enum {string} */
            kind: "second_drive";
        } | {
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description Who typed the sentence. */
            by: string;
            /** @enum {string} */
            kind: "accepted";
        };
        /** @description The newest key that the CA has certified for an appliance. */
        CredentialView: {
            /** @description Until when the certificate is good. */
            not_after: components["schemas"]["Timestamp"];
            /** @description `active`, `superseded` or `revoked`. */
            status: string;
        };
        /** @description A step of a curve. */
        CurveStep: {
            /** @description How many were watched then. */
            at_risk: number;
            /**
             * Format: double
             * @description The uptime in days.
             */
            days: number;
            /** @description How many died since the step before. */
            deaths: number;
            /**
             * Format: double
             * @description The upper end.
             */
            high?: number | null;
            /**
             * Format: double
             * @description The lower end of its interval; null, as the upper end, where nobody is left.
             */
            low?: number | null;
            /**
             * Format: double
             * @description The share that is left.
             */
            survival: number;
        };
        /**
         * @description A day of the week.
         * @enum {string}
         */
        Day: "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday";
        /** @description Which component makes appliances freeze, as far as that can be said. */
        Diagnosis: {
            /**
             * Format: double
             * @description How long all were watched together, in days.
             */
            appliance_days: number;
            /** @description How many appliances were watched. */
            appliances: number;
            /** @description In how many boots. */
            boots: number;
            /** @description Each component by itself. */
            components: components["schemas"]["ComponentReport"][];
            /** @description What was always the same, as far as it was watched long enough: nothing can be said of it. */
            constant: components["schemas"]["Component"][];
            /** @description How many boots ended with a panic, a hang or a watchdog. */
            deaths: number;
            /** @description What would be said, if it did not hang on one appliance. */
            hangs_on_one: components["schemas"]["OneAppliance"][];
            /** @description What cannot be told apart. To be read before anything else. */
            inseparable: components["schemas"]["Inseparable"][];
            /** @description In how many intervals in which nothing changed. */
            intervals: number;
            /** @description How many intervals made no sense, and were left out. */
            left_out: number;
            model?: components["schemas"]["Model"] | null;
            /** @description How well all pairs of components can be told apart, the worst first. */
            separations: components["schemas"]["Separation"][];
            /**
             * @description Settings that no appliance changed while it was watched. Who had one from the beginning may have been given
             *     it because of freezes, so nothing can be said of it.
             */
            unchanged: components["schemas"]["Component"][];
            /** @description How many ended nobody knows how. */
            unknown: number;
            /** @description What can be said. */
            verdict: components["schemas"]["Verdict"];
            /** @description Why there is none. */
            why_no_model?: string | null;
        };
        /** @description Whether groups differ. */
        Difference: {
            /**
             * Format: double
             * @description How far what happened is from what was to be expected, were they alike.
             */
            chi2: number;
            /** @description Degrees of freedom. */
            df: number;
            /**
             * Format: double
             * @description How probable chance alone makes as much.
             */
            p: number;
        };
        /**
         * @description How a disk's content is laid out.
         * @enum {string}
         */
        DiskFormat: "raw" | "qcow" | "qcow2" | "vhd";
        /** @description What a disk is. */
        DiskSource: {
            /** @description A file or a block device in dom0, by its absolute path. */
            path: string;
        } | {
            /** @description A volume, by its `lv_uuid`. */
            volume: string;
        } | {
            /** @description A volume that is made with the VM. */
            new_volume: components["schemas"]["NewVolume"];
        } | "empty";
        /**
         * @description What becomes of the disks of a VM that is removed.
         * @enum {string}
         */
        Disks: "keep" | "remove";
        /**
         * @description A drive that is plugged in. Its device's name may be another one's by the time that somebody gets
         *     to work, so that all of this has to be so then.
         */
        DriveAt: {
            /** @description Its device, such as `/dev/sdb`. */
            path: string;
            /** @description The serial number of its hardware, where it has one. */
            serial?: string | null;
            /**
             * Format: int64
             * @description Its size.
             */
            size_bytes: number;
        };
        /**
         * Format: uuid
         * @description A USB drive of ours, from when it was prepared until it is prepared anew.
         */
        DriveId: string;
        /** @description What a drive is known by, for ever. Its device's name is no part of it. */
        DriveIdentity: {
            drive?: components["schemas"]["DriveId"] | null;
            /** @description The UUID of its file system. */
            file_system?: string | null;
            /** @description The UUID of its partition. */
            partition?: string | null;
            /** @description `idProduct`. */
            product_id: string;
            /** @description The USB device's. */
            serial?: string | null;
            /**
             * Format: int64
             * @description As it says itself.
             */
            size_bytes: number;
            /** @description `idVendor`. */
            vendor_id: string;
        };
        /**
         * @description What may be said of a mitigation by one appliance.
         * @enum {string}
         */
        EffectVerdict: "nothing_before" | "too_short" | "no_difference" | "fewer" | "more";
        /**
         * @description How a migration ended.
         * @enum {string}
         */
        End: "succeeded" | "failed_safe" | "deferred" | "cancelled" | "rolled_back" | "lost_appliance";
        /** @description A run of dom0 that is over. */
        EndedBootView: {
            /** @description The appliance. */
            appliance: components["schemas"]["Named"];
            /** @description The kernel's `boot_id`. */
            boot_id: components["schemas"]["BootId"];
            /** @description The versions that ran. */
            components: components["schemas"]["Components"];
            confidence?: components["schemas"]["Confidence"] | null;
            end?: components["schemas"]["BootEnd"] | null;
            /** @description The last sign of life. */
            ended_at: components["schemas"]["Timestamp"];
            /**
             * Format: int32
             * @description The epoch of the appliance.
             */
            epoch: number;
            /** @description What was found, a sentence each, the weightiest first. */
            evidence: string[];
            /**
             * Format: int64
             * @description dom0's uptime at the last sign of life; nothing where an older agent did not note it.
             */
            last_seen_seconds?: number | null;
            /** @description When it began, by dom0's clock. */
            started_at: components["schemas"]["Timestamp"];
        };
        /** @description A part of the table of boots that have ended. */
        EndedBoots: {
            /** @description The rows. */
            boots: components["schemas"]["EndedBootView"][];
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A VM that does not come along. */
        Excluded: {
            /** @description Who said so. */
            by: string;
            /** @description Its name. */
            name: string;
            /** @description Why. */
            reason: string;
            /** @description Its identity. */
            uuid: components["schemas"]["VmId"];
        };
        /** @description What does not change while dom0 runs, or changes rarely. */
        Facts: {
            /** @description This run of dom0. */
            boot_id: components["schemas"]["BootId"];
            /** @description When it began, by dom0's clock. */
            booted_at: components["schemas"]["Timestamp"];
            /** @description The versions of what it is made of. */
            components: components["schemas"]["Components"];
            /**
             * Format: int32
             * @description Physical CPUs.
             */
            cpus?: number | null;
            /**
             * Format: int64
             * @description Memory of dom0.
             */
            dom0_memory_bytes?: number | null;
            /** @description What the hardware is known by. */
            fingerprint: components["schemas"]["Fingerprint"];
            /**
             * Format: int64
             * @description Memory that no domain has.
             */
            free_memory_bytes?: number | null;
            /** @description dom0's own name for itself. Not an identity. */
            hostname: string;
            /**
             * Format: int64
             * @description Memory of the whole machine, as `xl info` has it.
             */
            memory_bytes?: number | null;
            /**
             * Format: int64
             * @description The kernel's taint bits (`/proc/sys/kernel/tainted`).
             */
            taint?: number | null;
        };
        /** @description A file in a bundle. */
        FileInside: {
            /** @description What went wrong when the appliance collected it. */
            error?: string | null;
            /** @description What it is called there. */
            path: string;
            /**
             * Format: int64
             * @description How many secrets the appliance took out of it.
             */
            redactions: number;
            /**
             * Format: int64
             * @description Its size there.
             */
            size_bytes: number;
            /** @description Whether the appliance left some of it out. */
            truncated: boolean;
        };
        /** @description A signature in a file: all its hits that have the same first function in their call traces, or none. */
        Finding: {
            /** @description The lines after it. */
            after?: string[];
            /** @description The lines before the first hit. */
            before?: string[];
            /**
             * Format: int64
             * @description How many hits there are.
             */
            count: number;
            /**
             * Format: int64
             * @description How many times it began: a hit less than ten minutes after such a beginning, by the log's own time, belongs
             *     to it, whatever its trace. 0 where this one was never the first.
             */
            events: number;
            /** @description What the pattern's named groups found in the first hit. */
            fields?: {
                [key: string]: string;
            };
            /** @description Where, as it was given; in an archive with the path in it. */
            file: string;
            /**
             * @description What findings of the same fault have in common, in any file of any box: of the signature, the uppermost
             *     functions and the module.
             */
            fingerprint: string;
            first_at?: components["schemas"]["LogTime"] | null;
            /** @description The uppermost functions of the call trace, without those that only stop a task or print the trace. */
            functions?: string[];
            last_at?: components["schemas"]["LogTime"] | null;
            /**
             * Format: int64
             * @description The number of the line of the first hit; the first line is 1.
             */
            line: number;
            /** @description The numbers of the lines of the first hits. */
            lines: number[];
            /** @description The module that they are in. */
            module?: string | null;
            /** @description How grave it is. */
            severity: components["schemas"]["Severity"];
            /** @description Which. */
            signature: string;
            /** @description That line as it stands there, without what is no UTF-8, cut where it is long. */
            text: string;
        };
        /** @description A hit of a signature in a bundle. */
        FindingView: components["schemas"]["Finding"] & {
            /** @description The appliance. */
            appliance: components["schemas"]["Named"];
            /** @description The bundle. */
            bundle: components["schemas"]["BundleId"];
            /** @description When it was found. */
            found_at: components["schemas"]["Timestamp"];
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
        };
        /** @description A part of the table of findings. */
        Findings: {
            /** @description The rows. */
            findings: components["schemas"]["FindingView"][];
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description What hardware is known by. Never the hostname. */
        Fingerprint: {
            /** @description DMI `board_serial`. */
            board_serial?: string | null;
            /** @description WWIDs of fixed disks. */
            disks?: string[];
            /** @description MAC addresses of physical network cards, lower case. */
            macs?: string[];
            /** @description DMI `product_uuid`. */
            system_uuid?: string | null;
        };
        /** @description A USB drive, as the appliance that it is plugged into last told of it. */
        FleetDriveView: components["schemas"]["UsbDrive"] & {
            /** @description The appliance. */
            appliance: components["schemas"]["Named"];
            /** @description When. */
            told_at: components["schemas"]["Timestamp"];
        };
        /** @description A part of the table of USB drives. */
        FleetDrives: {
            /** @description The rows. */
            drives: components["schemas"]["FleetDriveView"][];
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /**
         * @description How an image is laid out.
         * @enum {string}
         */
        Format: "raw" | "qcow" | "qcow2" | "luks" | "vmdk" | "vdi" | "vhd" | "vhdx" | "qed" | "unknown";
        /** @description One value of a component beside another. */
        Hazard: {
            /**
             * Format: double
             * @description How long appliances with the value were watched.
             */
            appliance_days: number;
            /** @description The component. */
            component: components["schemas"]["Component"];
            cox_hazard_ratio?: components["schemas"]["Range"] | null;
            /** @description How many of them died. */
            deaths: number;
            hazard_ratio?: components["schemas"]["Range"] | null;
            /** @description Whether nobody died with the value, or nobody without: then no number is small or large enough. */
            is_one_sided: boolean;
            /**
             * Format: double
             * @description How probable chance alone makes as much.
             */
            p?: number | null;
            /** @description The value with which it is compared. */
            reference: string;
            /**
             * Format: double
             * @description The same of the other value.
             */
            reference_appliance_days: number;
            /** @description How many died with that. */
            reference_deaths: number;
            /** @description The value. Where VMs of one appliance differ, all that there are, with ` + ` between. */
            value: string;
            /** @description Why there is no number. */
            why_not?: string | null;
        };
        /** @description What a bundle is held for. */
        HoldRequest: {
            /** @description For whoever wonders why it is still there. */
            note: string;
        };
        /**
         * @description What becomes of VMs that run.
         * @enum {string}
         */
        How: "snapshot" | "shut_down" | "must_be_off";
        /** @description Where an image is. */
        ImageAt: {
            /** @description A file or a block device in dom0, by its absolute path. */
            path: string;
        } | {
            /** @description A volume, by its `lv_uuid`. */
            volume: string;
        };
        /** @description An image to be converted: the result is read back and compared, or there is none. */
        ImageConvert: {
            /** @description What it becomes: raw, qcow2, or qcow, which hypervisor 0.9.7 reads. A volume is raw. */
            format: components["schemas"]["Format"];
            /** @description What it is made of. Its VM must be off. */
            source: components["schemas"]["ImageAt"];
            source_format?: components["schemas"]["Format"] | null;
            /** @description Where the result goes. */
            target: components["schemas"]["ConvertTo"];
        };
        /** @description A table of uptimes that was brought here. */
        ImportView: {
            /**
             * Format: int64
             * @description Of how many appliances.
             */
            appliances: number;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description When it came. */
            imported_at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description How many rows it has.
             */
            rows: number;
            /** @description What it was called. */
            source: string;
        };
        /** @description The tables of uptimes that were brought here. */
        Imports: {
            /** @description The rows. */
            imports: components["schemas"]["ImportView"][];
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description Components of which one cannot be told apart from the others. */
        Inseparable: {
            /** @description Which. */
            components: components["schemas"]["Component"][];
            /** @description In what way, a sentence. */
            why: string;
        };
        /** @description A new join token. */
        JoinTokenRequest: {
            /**
             * Format: int64
             * @description How long it is good for; a day where it is not said.
             */
            expires_in_seconds?: number | null;
            /** @description What it is for. */
            note?: string;
            organisation_id?: components["schemas"]["OrganisationId"] | null;
            /** @description Whether they are accepted at once. */
            preauthorised?: boolean;
            site_id?: components["schemas"]["SiteId"] | null;
            /**
             * Format: int32
             * @description How many may join with it; one where it is not said.
             */
            uses?: number | null;
        };
        /** @description A join token, without its secret. */
        JoinTokenView: {
            /** @description When it was made. */
            created_at: components["schemas"]["Timestamp"];
            /** @description The e-mail address of whoever made it; nothing where it was made at the console. */
            created_by?: string | null;
            /** @description Until when. */
            expires_at: components["schemas"]["Timestamp"];
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description What whoever made it noted. */
            note: string;
            /** @description Whose the appliances will be. */
            organisation: components["schemas"]["Named"];
            /** @description Whether they are accepted at once. */
            preauthorised: boolean;
            revoked_at?: components["schemas"]["Timestamp"] | null;
            site?: components["schemas"]["Named"] | null;
            /**
             * Format: int32
             * @description How many may join with it.
             */
            uses: number;
            /**
             * Format: int32
             * @description How many still may.
             */
            uses_left: number;
        };
        /** @description The join tokens. */
        JoinTokens: {
            /** @description The rows. */
            join_tokens: components["schemas"]["JoinTokenView"][];
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /**
         * @description How many sets of the same VMs are kept when room is made. A set that any of these numbers keeps
         *     stays, and so does the newest verified set that holds a VM.
         */
        Keep: {
            /**
             * Format: int32
             * @description The newest of each of so many days, of those that have one.
             * @default 0
             */
            daily: number;
            /**
             * Format: int32
             * @description The newest.
             * @default 0
             */
            last: number;
            /**
             * Format: int32
             * @description The same of months.
             * @default 0
             */
            monthly: number;
            /**
             * Format: int32
             * @description The same of weeks, which begin on Monday.
             * @default 0
             */
            weekly: number;
        };
        /**
         * @description Which key it is.
         * @example 0123456789abcdef
         */
        KeyId: string;
        /** @description What a set says of its key. */
        KeyName: {
            /** @description Which it is. */
            id: components["schemas"]["KeyId"];
            /**
             * Format: uuid
             * @description What the server makes it of again, from a secret of its own; nothing of a key that was made on
             *     site. So a server that was restored from an old backup still has the keys of newer sets.
             */
            salt?: string | null;
        };
        /** @description The newest runs of a schedule, one of each appliance, counted. */
        LastRuns: {
            /**
             * Format: int64
             * @description Those that came to nothing.
             */
            failed: number;
            /**
             * Format: int64
             * @description Appliances that could not be asked.
             */
            refused: number;
            /**
             * Format: int64
             * @description Backups that were made and verified.
             */
            succeeded: number;
            /**
             * Format: int64
             * @description Those that are under way, or wait for their appliance.
             */
            unfinished: number;
        };
        /** @description Boots that say nothing. */
        LeftOut: {
            /**
             * Format: int64
             * @description How many.
             */
            boots: number;
            /** @description Why. */
            why: string;
        };
        /** @description When a line says that it was written. */
        LogTime: {
            /**
             * Format: int64
             * @description Milliseconds since that boot, by the kernel.
             */
            since_boot_milliseconds: number;
        } | {
            /** @description By a clock. */
            wall: components["schemas"]["Timestamp"];
        };
        /** @description How someone logs in. */
        LoginRequest: {
            /** @description The e-mail address. */
            email: string;
            /** @description The password. */
            password: string;
        };
        /** @description A login. */
        LoginResponse: {
            /** @description What to send as `Authorization: Bearer`. */
            access_token: string;
            /** @description When it ends; refresh before that. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description Who is logged in. */
            operator: components["schemas"]["OperatorView"];
        };
        /** @description A VM that comes along. */
        MigratedVm: {
            /** @description Its name. */
            name: string;
            /** @description How far it is. */
            progress: components["schemas"]["VmProgress"];
            /** @description Its identity. */
            vm: components["schemas"]["VmId"];
        };
        /** @description A migration. */
        Migration: components["schemas"]["MigrationRow"] & {
            /** @description What people have decided. */
            decisions: components["schemas"]["MigrationDecision"][];
            drive?: components["schemas"]["DriveId"] | null;
            given_up?: components["schemas"]["MigrationGivenUp"] | null;
            /** @description The phases in their order. */
            line: components["schemas"]["MigrationLineStep"][];
            lost?: components["schemas"]["MigrationLost"] | null;
            /** @description What can be done about it now. */
            may: components["schemas"]["MigrationMay"];
            permit?: components["schemas"]["PermitFacts"] | null;
            /** @description What is to be done. */
            plan: components["schemas"]["Plan"];
            second_drive?: components["schemas"]["DriveId"] | null;
            /** @description What people do, step by step. */
            tasks: components["schemas"]["MigrationTask"][];
            /** @description The VMs that come along, in the order in which they are given back. */
            vms: components["schemas"]["MigratedVm"][];
            way_back?: components["schemas"]["PermitFacts"] | null;
        };
        /** @description Why it is given up. */
        MigrationCancelRequest: {
            /** @description Only for now. */
            defer?: boolean;
            /** @description Why, in words. */
            reason: string;
        };
        /** @description What a person can decide. */
        MigrationDecided: {
            /** @description Whether its disks are written anew, and what it has written since is lost. */
            afresh?: boolean;
            /** @enum {string} */
            decision: "retry";
            /** @description Which. */
            vm: components["schemas"]["VmId"];
        } | {
            /** @enum {string} */
            decision: "waive";
            /** @description Which. */
            vm: components["schemas"]["VmId"];
        } | {
            /** @enum {string} */
            decision: "roll_back";
            /** @description Why, in words. */
            reason: string;
        } | {
            /** @enum {string} */
            decision: "stay";
        } | {
            /** @enum {string} */
            decision: "unknown";
        };
        /** @description What a person has decided, and what came of it. */
        MigrationDecision: components["schemas"]["MigrationDecided"] & {
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description Who. */
            by: string;
            /**
             * Format: int64
             * @description Counts a migration's decisions from 1.
             */
            number: number;
            /** @description How far it is. */
            state: components["schemas"]["MigrationDecisionState"];
            /** @description Why it could not be carried out. */
            why?: string | null;
        };
        /**
         * @description How far a decision is.
         * @enum {string}
         */
        MigrationDecisionState: "waiting" | "done" | "refused";
        /** @description A VM that does not come along. */
        MigrationExclude: {
            /** @description Why. */
            reason: string;
            /** @description Which. */
            vm: components["schemas"]["VmId"];
        };
        /** @description That a migration is given up. */
        MigrationGivenUp: {
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description Who said so. */
            by: string;
            /** @description How it is to end. */
            end: components["schemas"]["End"];
            /** @description Why, in words. */
            reason: string;
        };
        /**
         * Format: uuid
         * @description A migration of one appliance.
         */
        MigrationId: string;
        /**
         * @description Whether a phase is over.
         * @enum {string}
         */
        MigrationLineState: "done" | "current" | "ahead" | "skipped";
        /** @description A phase of a migration. */
        MigrationLineStep: {
            at?: components["schemas"]["Timestamp"] | null;
            /** @description What the journal says of it, in sentences. */
            evidence: string[];
            /** @description Which. */
            phase: components["schemas"]["MigrationPhase"];
            /** @description Whether it is over. */
            state: components["schemas"]["MigrationLineState"];
        };
        /** @description A link, as operators see it. */
        MigrationLink: {
            /** @description When. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Who made it; nothing where that is not known any more. */
            created_by?: string | null;
            /** @description Until when it opens, unless the migration ends before. */
            expires_at: components["schemas"]["Timestamp"];
            /**
             * Format: uuid
             * @description Its id, by which it is taken back.
             */
            id: string;
            /** @description Whether it opens now. */
            is_good: boolean;
            last_used_at?: components["schemas"]["Timestamp"] | null;
            /** @description Whom it is for. */
            note: string;
            revoked_at?: components["schemas"]["Timestamp"] | null;
        };
        /** @description What is asked for. */
        MigrationLinkRequest: {
            /**
             * Format: int32
             * @description How many hours it is good for; a week where it is not said.
             */
            hours?: number | null;
            /** @description Whom it is for, at most 200 letters. */
            note?: string;
        };
        /** @description The links of a migration. */
        MigrationLinks: {
            /** @description The newest first. */
            links: components["schemas"]["MigrationLink"][];
        };
        /** @description Why the appliance is not expected back. */
        MigrationLoseRequest: {
            /** @description Why, in words. */
            reason: string;
        };
        /** @description That an appliance is not expected back. */
        MigrationLost: {
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description Who said so. */
            by: string;
            /** @description Why, in words. */
            reason: string;
        };
        /** @description What can be done. */
        MigrationMay: {
            /** @description Give it up for good. */
            cancel: boolean;
            /** @description Give it up for now. */
            defer: boolean;
            /** @description Say that the appliance is not expected back. */
            lose: boolean;
            /** @description Take a permit away as a file. */
            permit_file: boolean;
            /** @description Go back to the system before. */
            roll_back: boolean;
            /** @description Stay after all. */
            stay: boolean;
        };
        /**
         * @description Where a migration is.
         * @enum {string}
         */
        MigrationPhase: "preflight" | "backing_up" | "verifying" | "sealed" | "permitted" | "going_back" | "resetting" | "awaiting_return" | "restoring" | "validating" | "needs_hands" | "soaking" | "succeeded" | "failed_safe" | "deferred" | "cancelled" | "rolled_back" | "lost_appliance";
        /** @description A line of a migration's journal. */
        MigrationRecord: {
            /** @description The version of the agent. */
            agent: string;
            /** @description When, by the appliance's clock, which may be wrong. */
            at: components["schemas"]["Timestamp"];
            /** @description The run of dom0 that wrote it. */
            boot: components["schemas"]["BootId"];
            /**
             * Format: int64
             * @description The number of the decision that is carried out by it.
             */
            decision?: number | null;
            /** @description What happened, in a word. */
            event: string;
            /**
             * Format: int64
             * @description Counts from 1.
             */
            number: number;
            /** @description The system that it was written on. */
            on: components["schemas"]["Release"];
        } & {
            [key: string]: Record<string, never>;
        };
        /** @description A part of a migration's journal. */
        MigrationRecords: {
            /**
             * Format: int64
             * @description What to send as `after` to go on; nothing at the end.
             */
            next?: number | null;
            /** @description The records. */
            records: components["schemas"]["MigrationRecord"][];
            /**
             * Format: int64
             * @description How many the server has in all.
             */
            total: number;
        };
        /** @description What is asked for. */
        MigrationRequest: {
            /** @description The appliance. */
            appliance: components["schemas"]["ApplianceId"];
            /**
             * Format: int64
             * @description How long VMs may be off before the permit; four hours where it is not said.
             */
            downtime_seconds?: number | null;
            drive?: components["schemas"]["DriveId"] | null;
            /** @description VMs that do not come along. What they have is gone after the reset. */
            excluded?: components["schemas"]["MigrationExclude"][];
            /**
             * Format: int64
             * @description How long a VM has to be up before it can be called healthy; ten minutes where it is not said.
             */
            healthy_after_seconds?: number | null;
            /** @description Where one drive holds the only copy for a while: the sentence that says so, as it was typed. */
            one_copy?: string | null;
            /** @description The VMs that are given back first, in that order. */
            order?: components["schemas"]["VmId"][];
            /** @description A preflight of it that has succeeded: the operation's id. */
            preflight: components["schemas"]["OperationId"];
            second_drive?: components["schemas"]["DriveId"] | null;
            /**
             * Format: int64
             * @description How long the appliance is watched at the end; seven days where it is not said.
             */
            soak_seconds?: number | null;
        };
        /** @description How a VM is tried again. */
        MigrationRetryRequest: {
            /** @description Whether its disks are written anew, and what it has written since is lost. */
            afresh?: boolean;
        };
        /** @description Why it is to go back. */
        MigrationRollbackRequest: {
            /** @description Why, in words. */
            reason: string;
        };
        /** @description A migration, as the table has it. */
        MigrationRow: {
            /** @description The appliance. */
            appliance: components["schemas"]["Named"];
            /** @description When anything of it last changed. */
            changed_at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description How far what is being done is, in bytes.
             */
            done?: number | null;
            ended_at?: components["schemas"]["Timestamp"] | null;
            heard_at?: components["schemas"]["Timestamp"] | null;
            /** @description Its id. */
            id: components["schemas"]["MigrationId"];
            /** @description Whether only another reset undoes what was done. */
            is_past_the_point: boolean;
            /** @description Where it is. */
            phase: components["schemas"]["MigrationPhase"];
            soaking_until?: components["schemas"]["Timestamp"] | null;
            /** @description When it was started. */
            started_at: components["schemas"]["Timestamp"];
            /** @description Who started it; nothing where that is not known any more. */
            started_by?: string | null;
            /**
             * Format: int64
             * @description Of how many bytes.
             */
            total?: number | null;
            /** @description What is wrong, in words. */
            trouble?: string | null;
            /**
             * Format: int64
             * @description Rises with each change.
             */
            version: number;
            /**
             * Format: int32
             * @description How many of them have failed.
             */
            vms_failed: number;
            /**
             * Format: int32
             * @description How many of them are healthy, or gone without.
             */
            vms_settled: number;
            /**
             * Format: int32
             * @description How many VMs come along.
             */
            vms_total: number;
            waits?: components["schemas"]["MigrationWaits"] | null;
            /** @description What is being done, in words. */
            what?: string | null;
        };
        /** @description A step. */
        MigrationTask: {
            /**
             * Format: int32
             * @description Counts from 1.
             */
            number: number;
            /** @description Whether it is its turn. */
            state: components["schemas"]["MigrationTaskState"];
            /** @description What is to be done. */
            text: string;
            /** @description Who does it. */
            who: components["schemas"]["MigrationTaskWho"];
        };
        /**
         * @description Whether it is a step's turn.
         * @enum {string}
         */
        MigrationTaskState: "done" | "now" | "later";
        /**
         * @description Who does a step.
         * @enum {string}
         */
        MigrationTaskWho: "on_site" | "operator";
        /**
         * @description What a migration waits for.
         * @enum {string}
         */
        MigrationWaits: "drive" | "second_drive" | "reset" | "reset_back" | "return" | "permit" | "hands" | "proof" | "system_disk" | "soaking" | "health" | "other";
        /** @description A part of the table of migrations. */
        Migrations: {
            /** @description The rows. */
            migrations: components["schemas"]["MigrationRow"][];
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /**
         * @description One of them.
         * @enum {string}
         */
        Mitigation: "swap" | "scheduler" | "overcommit" | "unknown";
        /** @description An appliance before and after a mitigation came into force on it. */
        MitigationEffect: {
            /** @description Since then, as far as it was in force. */
            after: components["schemas"]["WatchedFor"];
            /** @description Until it was first in force. */
            before: components["schemas"]["WatchedFor"];
            ratio?: components["schemas"]["Range"] | null;
            /** @description The same as a sentence. */
            sentence: string;
            /** @description What may be said of it. */
            verdict: components["schemas"]["EffectVerdict"];
            /** @description Which. */
            which: components["schemas"]["Mitigation"];
        };
        /** @description What mitigations did for an appliance. */
        MitigationEffects: {
            /** @description In the order in which they are applied. */
            effects: components["schemas"]["MitigationEffect"][];
        };
        /** @description How a mitigation stands on an appliance. */
        MitigationStanding: {
            /** @description Whether the agent has applied it, and can take it back. */
            ours: boolean;
            /** @description Why it stands so, and what else is to be known, for people. */
            reasons?: string[];
            /** @description What the kernel itself says. */
            runtime?: components["schemas"]["RuntimeValue"][];
            /** @description How it stands. */
            status: components["schemas"]["MitigationStatus"];
            /** @description Which. */
            which: components["schemas"]["Mitigation"];
        };
        /**
         * @description How a mitigation stands.
         * @enum {string}
         */
        MitigationStatus: "applied" | "not_applied" | "pending_reboot" | "drifted" | "not_offered" | "built_in" | "refused" | "unknown";
        /** @description How the mitigations of an appliance stand. */
        Mitigations: {
            at?: components["schemas"]["Timestamp"] | null;
            /** @description In the order in which they are applied. */
            mitigations: components["schemas"]["MitigationStanding"][];
        };
        /**
         * @description What a model of all components says, in which each appliance has a factor of its own and the hazard may differ
         *     from one stretch of uptime to the next. Of two errors, the model's own and the one that holds whatever
         *     appliances are like, each number has the larger.
         */
        Model: {
            /**
             * Format: double
             * @description How long the appliances in it were watched.
             */
            appliance_days: number;
            /** @description How many died. */
            deaths: number;
            /**
             * Format: double
             * @description How much appliances differ whatever they are made of: the variance of how many times likelier each is to
             *     die than the average.
             */
            frailty: number;
            /**
             * Format: double
             * @description What was left out, because something in it was too rare to be compared.
             */
            left_out_days: number;
            /** @description What it says of each component, the most improbable by chance first. */
            tests: components["schemas"]["ComponentTest"][];
        };
        /** @description Something by its id, with the name that people know it by. */
        Named: {
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description Its name. */
            name: string;
        };
        /** @description A disk to be attached. */
        NewDisk: {
            /** @description Whether it is a CD drive. */
            cdrom?: boolean;
            /** @description How its content is laid out; `raw` where it is not said, as volumes are. */
            format?: components["schemas"]["DiskFormat"];
            /** @description What it is. */
            source: components["schemas"]["DiskSource"];
            /** @description Its name in the guest, such as `xvda` or `hdc`. */
            vdev: string;
            /** @description Whether the guest may write; yes where it is not said. */
            writable?: boolean;
        };
        /** @description A join token that has just been made: the only time that it is shown. */
        NewJoinTokenView: components["schemas"]["JoinTokenView"] & {
            /** @description What is to be given to `domfleet-agent join`. */
            token: string;
        };
        /** @description A link that has just been made: the only time that what opens it is shown. */
        NewMigrationLink: components["schemas"]["MigrationLink"] & {
            /** @description The link. What opens it comes after the `#`, where no server and no log sees it. */
            url: string;
        };
        /** @description A network card to be attached. */
        NewNic: {
            /** @description dom0's bridge; xl's own default where it is not said. */
            bridge?: string | null;
            /** @description Its address; a new one, which then stays, where it is not said. */
            mac?: string | null;
            /** @description What an HVM guest sees, such as `e1000`. */
            model?: string | null;
        };
        /** @description A volume that is made for a disk. */
        NewVolume: {
            /** @description The new volume's name. */
            name: string;
            /**
             * Format: int64
             * @description At least so many bytes; rounded up to whole extents.
             */
            size_bytes: number;
            /** @description The thin pool that it is made in; a thick volume where it is not said. */
            thin_pool?: string | null;
            /** @description The volume group's name. */
            volume_group: string;
        };
        /** @description When the next backups begin where the clocks show the same. */
        NextTimes: {
            /**
             * Format: int64
             * @description How many of the appliances are in it.
             */
            appliances: number;
            /** @description The first three times, without the spread. */
            at: components["schemas"]["Timestamp"][];
            /** @description The time zone. */
            time_zone: string;
        };
        /** @description A migration, for the person on site. */
        OnSite: {
            /** @description The appliance's name. */
            appliance: string;
            /**
             * Format: int64
             * @description How long they may be off before the permit.
             */
            downtime_seconds: number;
            drive?: components["schemas"]["OnSiteDrive"] | null;
            ended_at?: components["schemas"]["Timestamp"] | null;
            /** @description Until when the link is good, at most. */
            expires_at: components["schemas"]["Timestamp"];
            heard_at?: components["schemas"]["Timestamp"] | null;
            /** @description Where it is. */
            phase: components["schemas"]["MigrationPhase"];
            /** @description The name of the site. */
            site?: string | null;
            /** @description What is known of the recovery stick. */
            stick: components["schemas"]["PreflightStick"];
            /** @description What people do, step by step. */
            tasks: components["schemas"]["MigrationTask"][];
            vms_back_at?: components["schemas"]["Timestamp"] | null;
            vms_off_since?: components["schemas"]["Timestamp"] | null;
            waits?: components["schemas"]["MigrationWaits"] | null;
        };
        /** @description What is printed on a drive, or what it says of itself. */
        OnSiteDrive: {
            /** @description Its name, as it says itself. */
            name?: string | null;
            /** @description The serial number of its hardware. */
            serial?: string | null;
            /**
             * Format: int64
             * @description How large it is.
             */
            size_bytes: number;
        };
        /** @description A component that is not named, because all hangs on one appliance. */
        OneAppliance: {
            /** @description The appliance. */
            appliance: string;
            /** @description The component, or several that cannot be told apart. */
            components: components["schemas"]["Component"][];
            /** @description How often. */
            deaths: number;
            /** @description How many died with that value in all. */
            of: number;
            /**
             * Format: double
             * @description How probable chance makes what is left without it.
             */
            p_without?: number | null;
            /** @description The value with which it died. */
            value: string;
        };
        /** @description One thing asked of one appliance. */
        Operation: {
            /** @enum {string} */
            kind: "vm_start";
            /** @description The VM. */
            vm: components["schemas"]["VmId"];
        } | {
            /** @enum {string} */
            kind: "vm_shutdown";
            /**
             * Format: int32
             * @description How long the guest is given, in seconds; 300 where it is not said. After that the
             *     operation fails, and the VM runs on.
             */
            timeout_seconds?: number | null;
            /** @description The VM. */
            vm: components["schemas"]["VmId"];
        } | {
            /** @enum {string} */
            kind: "vm_reboot";
            /**
             * Format: int32
             * @description As for a shutdown.
             */
            timeout_seconds?: number | null;
            /** @description The VM. */
            vm: components["schemas"]["VmId"];
        } | {
            /** @enum {string} */
            kind: "vm_destroy";
            /** @description The VM. */
            vm: components["schemas"]["VmId"];
        } | {
            /** @enum {string} */
            kind: "vm_adopt";
            /** @description The VM. */
            vm: components["schemas"]["VmId"];
        } | {
            /** @enum {string} */
            kind: "vm_pause";
            /** @description The VM. */
            vm: components["schemas"]["VmId"];
        } | {
            /** @enum {string} */
            kind: "vm_unpause";
            /** @description The VM. */
            vm: components["schemas"]["VmId"];
        } | (components["schemas"]["VmCreateOperation"] & {
            /** @enum {string} */
            kind: "vm_create";
        }) | (components["schemas"]["VmChangeOperation"] & {
            /** @enum {string} */
            kind: "vm_change";
        }) | {
            /** @enum {string} */
            kind: "vm_rename";
            /** @description Its new name. */
            name: string;
            /** @description The VM. */
            vm: components["schemas"]["VmId"];
        } | {
            /** @description Whether it is. */
            enabled: boolean;
            /** @enum {string} */
            kind: "vm_autostart";
            /** @description The VM. */
            vm: components["schemas"]["VmId"];
        } | {
            /** @description What becomes of its disks. */
            disks: components["schemas"]["Disks"];
            /** @enum {string} */
            kind: "vm_remove";
            /** @description The VM. */
            vm: components["schemas"]["VmId"];
        } | {
            /**
             * Format: int32
             * @description At most so many bytes of it; 16 KiB where it is not said, and never more than 64.
             */
            bytes?: number | null;
            /** @enum {string} */
            kind: "vm_console_log";
            /** @description The VM. */
            vm: components["schemas"]["VmId"];
        } | {
            /** @enum {string} */
            kind: "volume_create";
            /** @description The new volume's name. */
            name: string;
            /**
             * Format: int64
             * @description At least so many bytes; rounded up to whole extents.
             */
            size_bytes: number;
            /** @description The thin pool that it is made in; a thick volume where it is not said. */
            thin_pool?: string | null;
            /** @description The volume group's name. */
            volume_group: string;
        } | {
            /** @enum {string} */
            kind: "thin_pool_create";
            /**
             * Format: int64
             * @description Room for the pool's own tables; what LVM finds fit where it is not said.
             */
            metadata_bytes?: number | null;
            /** @description The new pool's name. */
            name: string;
            /**
             * Format: int64
             * @description Room for data: at least so many bytes, rounded up to whole extents.
             */
            size_bytes: number;
            /** @description The volume group's name. */
            volume_group: string;
        } | {
            /** @enum {string} */
            kind: "volume_grow";
            /**
             * Format: int64
             * @description Its new size, at least so many bytes; rounded up to whole extents. Never smaller than
             *     it is.
             */
            size_bytes: number;
            /** @description `lv_uuid` of the volume. */
            volume: string;
        } | {
            /** @enum {string} */
            kind: "volume_revert";
            /** @description `lv_uuid` of the snapshot. */
            volume: string;
        } | {
            /** @enum {string} */
            kind: "volume_rename";
            /** @description Its new name. */
            name: string;
            /** @description `lv_uuid` of the volume. */
            volume: string;
        } | {
            /** @enum {string} */
            kind: "volume_snapshot";
            /** @description The snapshot's name. */
            name: string;
            /**
             * Format: int64
             * @description Room for changes of a thick snapshot, in bytes; a tenth of the origin where it is not
             *     said. Thin snapshots need none.
             */
            size_bytes?: number | null;
            /** @description `lv_uuid` of the origin. */
            volume: string;
        } | {
            /** @enum {string} */
            kind: "volume_remove";
            /** @description `lv_uuid` of the volume. */
            volume: string;
        } | {
            /** @enum {string} */
            kind: "volume_adopt";
            /** @description `lv_uuid` of the volume. */
            volume: string;
        } | {
            format?: components["schemas"]["Format"] | null;
            /** @description The image. */
            image: components["schemas"]["ImageAt"];
            /** @enum {string} */
            kind: "image_check";
        } | {
            format?: components["schemas"]["Format"] | null;
            /** @description The image. */
            image: components["schemas"]["ImageAt"];
            /** @enum {string} */
            kind: "image_inspect";
        } | {
            format?: components["schemas"]["Format"] | null;
            /** @description The image. */
            image: components["schemas"]["ImageAt"];
            /** @enum {string} */
            kind: "image_repair";
            /**
             * @description Copy what can be read of an image that is corrupt, though parts of it are not what its VM
             *     wrote.
             */
            salvage?: boolean;
            /** @description The new file, by its absolute path. Nothing may be there. */
            to: string;
        } | (components["schemas"]["ImageConvert"] & {
            /** @enum {string} */
            kind: "image_convert";
        }) | {
            /** @enum {string} */
            kind: "usb_list";
        } | {
            /** @description The drive. */
            drive: components["schemas"]["DriveAt"];
            /** @description Erase all that is on it; otherwise only blank and free space is written to. */
            erase?: boolean;
            /** @enum {string} */
            kind: "usb_qualify";
            /** @description How much of it. */
            mode: components["schemas"]["QualifyMode"];
        } | {
            /** @description The drive. */
            drive: components["schemas"]["DriveAt"];
            /** @enum {string} */
            kind: "usb_prepare";
        } | {
            /** @description The drive. */
            drive: components["schemas"]["DriveId"];
            /** @enum {string} */
            kind: "backup_list";
        } | (components["schemas"]["BackupCreate"] & {
            /** @enum {string} */
            kind: "backup_create";
        }) | {
            /** @description The drive. */
            drive: components["schemas"]["DriveId"];
            /** @enum {string} */
            kind: "backup_verify";
            set?: components["schemas"]["SetId"] | null;
        } | (components["schemas"]["BackupRestore"] & {
            /** @enum {string} */
            kind: "backup_restore";
        }) | (components["schemas"]["BackupCompare"] & {
            /** @enum {string} */
            kind: "backup_compare";
        }) | (components["schemas"]["BackupPrune"] & {
            /** @enum {string} */
            kind: "backup_prune";
        }) | (components["schemas"]["BackupImport"] & {
            /** @enum {string} */
            kind: "backup_import";
        }) | {
            /** @enum {string} */
            kind: "mitigation_check";
            which?: components["schemas"]["Mitigation"] | null;
        } | {
            /** @description Only say what would be changed. */
            dry_run?: boolean;
            /** @enum {string} */
            kind: "mitigation_apply";
            /** @description Which. */
            which: components["schemas"]["Mitigation"];
        } | {
            /** @description Only say what would be changed. */
            dry_run?: boolean;
            /** @enum {string} */
            kind: "mitigation_revert";
            /** @description Which. */
            which: components["schemas"]["Mitigation"];
        } | (components["schemas"]["PreflightAssumptions"] & {
            /** @enum {string} */
            kind: "migration_preflight";
        }) | (components["schemas"]["StressRun"] & {
            /** @enum {string} */
            kind: "stress_run";
        }) | {
            /** @enum {string} */
            kind: "appliance_reboot";
        } | {
            /** @description The bundle that they become; a new one where it is not said. */
            bundle?: components["schemas"]["BundleId"];
            /** @enum {string} */
            kind: "debug_bundle";
        } | {
            /** @enum {string} */
            kind: "unknown";
        };
        /**
         * Format: uuid
         * @description An operation. It is the idempotency key: doing it twice is doing it once.
         */
        OperationId: string;
        /** @description What is asked of an appliance. */
        OperationRequest: {
            /** @description The name of what is ended or destroyed, where something is. */
            confirm?: string | null;
            /**
             * Format: int32
             * @description How long it may wait for the appliance; an hour where it is not said.
             */
            expires_in_seconds?: number | null;
            /** @description What. */
            operation: components["schemas"]["Operation"];
            /** @description What of it that waits for the appliance is offered first. No lock is broken for it. */
            priority?: components["schemas"]["Priority"];
        };
        /**
         * @description How far an operation is, as the server knows it.
         * @enum {string}
         */
        OperationState: "queued" | "offered" | "cancelling" | "accepted" | "running" | "lost" | "succeeded" | "failed" | "rejected" | "cancelled" | "expired" | "written_off";
        /** @description One thing asked of one appliance. */
        OperationView: {
            accepted_at?: components["schemas"]["Timestamp"] | null;
            /** @description The appliance. */
            appliance: components["schemas"]["Named"];
            bulk_id?: components["schemas"]["BulkId"] | null;
            bundle_id?: components["schemas"]["BundleId"] | null;
            /** @description What it can do. */
            class: components["schemas"]["Class"];
            /** @description When it was asked for. */
            created_at: components["schemas"]["Timestamp"];
            deadline_at?: components["schemas"]["Timestamp"] | null;
            ended_at?: components["schemas"]["Timestamp"] | null;
            /**
             * Format: int32
             * @description The epoch of the appliance that it is for.
             */
            epoch: number;
            /** @description When it is no longer to be begun. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description Its id. */
            id: components["schemas"]["OperationId"];
            /** @description What kind of thing. */
            kind: string;
            offered_at?: components["schemas"]["Timestamp"] | null;
            /** @description All of it. */
            operation: components["schemas"]["Operation"];
            /** @description What is offered first. */
            priority: components["schemas"]["Priority"];
            progress?: components["schemas"]["Progress"] | null;
            reason?: components["schemas"]["Reason"] | null;
            requested_by?: components["schemas"]["RequestedBy"] | null;
            /** @description What came of it. */
            result?: Record<string, never> | null;
            started_at?: components["schemas"]["Timestamp"] | null;
            /** @description How far it is. */
            state: components["schemas"]["OperationState"];
            /**
             * Format: int64
             * @description Rises with each change.
             */
            version: number;
        };
        /** @description A part of the table of operations. */
        Operations: {
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /** @description The rows. */
            operations: components["schemas"]["OperationView"][];
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A person with a login. */
        OperatorAccountView: {
            /** @description When it was made. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Whether it cannot log in. */
            disabled: boolean;
            /** @description What it logs in by. */
            email: string;
            /** @description Its id. */
            id: components["schemas"]["OperatorId"];
            last_login_at?: components["schemas"]["Timestamp"] | null;
            /** @description Its name. */
            name: string;
            /** @description Where; and in every organisation below. */
            organisation: components["schemas"]["Named"];
            /** @description What it may do. */
            role: components["schemas"]["Role"];
            /**
             * Format: int64
             * @description Rises with each change.
             */
            version: number;
        };
        /**
         * Format: uuid
         * @description A person with a login.
         */
        OperatorId: string;
        /** @description What is to be changed of an operator. */
        OperatorPatch: {
            /** @description Whether it cannot log in. */
            disabled?: boolean | null;
            /** @description Its name. */
            name?: string | null;
            /** @description A new password, of at least 12 letters; ends all of its logins. */
            password?: string | null;
            role?: components["schemas"]["Role"] | null;
        };
        /** @description A new operator. */
        OperatorRequest: {
            /** @description What it logs in by. */
            email: string;
            /** @description Its name. */
            name: string;
            organisation_id?: components["schemas"]["OrganisationId"] | null;
            /** @description At least 12 letters. */
            password: string;
            /** @description What it may do. */
            role: components["schemas"]["Role"];
        };
        /** @description Who is logged in. */
        OperatorView: {
            /** @description What it logs in by. */
            email: string;
            /** @description Its id. */
            id: components["schemas"]["OperatorId"];
            /** @description Its name. */
            name: string;
            /** @description Where; and in every organisation below. */
            organisation: components["schemas"]["Named"];
            /** @description What it may do. */
            role: components["schemas"]["Role"];
        };
        /** @description The operators. */
        Operators: {
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /** @description The rows. */
            operators: components["schemas"]["OperatorAccountView"][];
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /**
         * Format: uuid
         * @description An organisation: vendor, reseller or customer.
         */
        OrganisationId: string;
        /**
         * @description What an organisation is.
         * @enum {string}
         */
        OrganisationKind: "vendor" | "reseller" | "customer";
        /** @description A new organisation. */
        OrganisationRequest: {
            /** @description What it is. */
            kind: components["schemas"]["OrganisationKind"];
            /** @description Its name. */
            name: string;
            parent_id?: components["schemas"]["OrganisationId"] | null;
        };
        /** @description Vendor, reseller or customer. */
        OrganisationView: {
            /** @description When it was made. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Its id. */
            id: components["schemas"]["OrganisationId"];
            /** @description What it is. */
            kind: components["schemas"]["OrganisationKind"];
            /** @description Its name, unique below its parent. */
            name: string;
            parent_id?: components["schemas"]["OrganisationId"] | null;
            /**
             * Format: int64
             * @description Rises with each change.
             */
            version: number;
        };
        /** @description The organisations. */
        Organisations: {
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /** @description The rows. */
            organisations: components["schemas"]["OrganisationView"][];
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description Of a signature that somebody added. */
        OwnSignature: {
            /**
             * Format: uuid
             * @description Its id here.
             */
            id: string;
            /** @description Whose it is: it is looked for in the bundles of that organisation and of those below. */
            organisation: components["schemas"]["Named"];
            /** @description When it was last changed. */
            updated_at: components["schemas"]["Timestamp"];
        };
        /**
         * @description How a drive is divided.
         * @enum {string}
         */
        PartitionTable: "none" | "mbr" | "gpt" | "unknown";
        /** @description A permit, less what makes it one. */
        PermitFacts: {
            /** @description Its id. */
            id: components["schemas"]["PermitId"];
            /** @description When it was signed. */
            issued_at: components["schemas"]["Timestamp"];
            /** @description After that it is not good any more. */
            not_after: components["schemas"]["Timestamp"];
        };
        /**
         * Format: uuid
         * @description A permit to overwrite a system disk. It is good once.
         */
        PermitId: string;
        /** @description What a migration is to do. */
        Plan: {
            /** @description Whose. */
            appliance: components["schemas"]["ApplianceId"];
            /** @description How there come to be two copies while there is no VM. */
            copies: components["schemas"]["Copies"];
            /** @description When it was made, by a clock that may be wrong. */
            created_at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description How long VMs may be off before the permit; when that is spent, they are started again.
             */
            downtime_seconds: number;
            /**
             * Format: int32
             * @description The appliance's epoch when it began.
             */
            epoch: number;
            /** @description The VMs that do not, each with whose word that is. */
            excluded?: components["schemas"]["Excluded"][];
            /** @description What the hardware is known by. */
            fingerprint: components["schemas"]["Fingerprint"];
            /**
             * Format: int32
             * @description The version of this form.
             */
            format: number;
            /**
             * Format: int64
             * @description How long a VM has to be up before it can be called healthy.
             */
            healthy_after_seconds?: number;
            /** @description The migration. */
            migration: components["schemas"]["MigrationId"];
            /**
             * Format: int64
             * @description How long the appliance is watched after the last VM was found healthy.
             */
            soak_seconds: number;
            /** @description The VMs that come along, in the order in which they are given back. */
            vms: components["schemas"]["PlannedVm"][];
        };
        /** @description A VM that comes along. */
        PlannedVm: {
            /** @description Whether dom0 starts it when dom0 boots. */
            autostart: boolean;
            /** @description Its name. */
            name: string;
            /** @description Its identity. */
            uuid: components["schemas"]["VmId"];
            /** @description Whether it ran when the migration began: then it is to run at its end. */
            was_running: boolean;
        };
        /** @description What a person has said yes to, or has to. */
        PreflightAccepted: {
            /** @description What. */
            code: components["schemas"]["ConsentCode"];
            /** @description Of which of its disks, as the guest calls it. */
            disk?: string | null;
            vm?: components["schemas"]["VmId"] | null;
        };
        /** @description What a preflight cannot see. */
        PreflightAssumptions: {
            /**
             * @description What people have said yes to.
             * @default []
             */
            accepted: components["schemas"]["PreflightAccepted"][];
            /**
             * Format: int64
             * @description How long they may be off before the permit: then the appliance goes back by itself.
             * @default 14400
             */
            budget_seconds: number;
            /**
             * Format: int64
             * @description How much of the data is written to the drive while the VMs are off, in percent: all of it, but where
             *     an earlier window has filled part of the set.
             * @default 100
             */
            changed_percent: number;
            /**
             * @description VMs that are not moved.
             * @default []
             */
            excluded: components["schemas"]["VmId"][];
            /**
             * @description How fast things are that were not measured.
             * @default {
             *       "boot_seconds": {
             *         "basis": "assumed",
             *         "from": "a guest that starts slowly",
             *         "value": 120
             *       },
             *       "changed_write": {
             *         "basis": "assumed",
             *         "from": "a slow drive on USB 2",
             *         "value": 35000000
             *       },
             *       "medium_read": {
             *         "basis": "assumed",
             *         "from": "a slow drive on USB 2",
             *         "value": 35000000
             *       },
             *       "reset_seconds": {
             *         "basis": "assumed",
             *         "from": "a person plugs and unplugs; the three systems alone took 57 s in the lab",
             *         "value": 900
             *       },
             *       "restore_write": {
             *         "basis": "assumed",
             *         "from": "an old disk",
             *         "value": 40000000
             *       },
             *       "source_read": {
             *         "basis": "assumed",
             *         "from": "an old disk, of which a backup takes what guests leave",
             *         "value": 40000000
             *       },
             *       "stop_seconds": {
             *         "basis": "assumed",
             *         "from": "what a guest is given to shut down",
             *         "value": 300
             *       },
             *       "verify_read": {
             *         "basis": "assumed",
             *         "from": "a slow drive on USB 2",
             *         "value": 35000000
             *       }
             *     }
             */
            figures: components["schemas"]["PreflightFigures"];
            /**
             * @description How 2.x lays its disk out.
             * @default {
             *       "extent_bytes": 4194304,
             *       "pe_start_bytes": 1048576,
             *       "pv_start_bytes": 268435456,
             *       "root_bytes": 1073741824,
             *       "snapshot_bytes": 0,
             *       "spare_extents": 16,
             *       "spare_percent": 1
             *     }
             */
            layout: components["schemas"]["PreflightLayout"];
            /**
             * @description Backups of the 1.x dashboard that go along.
             * @default {
             *       "bytes": 0,
             *       "converted_on_drive": false
             *     }
             */
            legacy: components["schemas"]["PreflightLegacyBackups"];
            /**
             * @description Whether the VMs still work for their people.
             * @default ahead
             */
            moment: components["schemas"]["PreflightMoment"];
            /**
             * @description VMs that are restored before the others, in this order.
             * @default []
             */
            order: components["schemas"]["VmId"][];
            /**
             * @description The ids of the permit keys that a medium has to trust one of: current and next.
             * @default []
             */
            permit_keys: string[];
            /** @default null */
            second_drive: components["schemas"]["DriveId"] | null;
            /**
             * @description What is known of the stick.
             * @default {
             *       "kind": "unknown"
             *     }
             */
            stick: components["schemas"]["PreflightStick"];
            /** @default null */
            window: components["schemas"]["PreflightWindow"] | null;
        };
        /**
         * @description Where a number is from.
         * @enum {string}
         */
        PreflightBasis: "measured" | "assumed";
        /** @description A number, and where it is from. Bytes a second, or seconds. */
        PreflightFigure: {
            /** @description Whether it was measured. */
            basis: components["schemas"]["PreflightBasis"];
            /** @description How, or why so much is assumed: part of a sentence. */
            from: string;
            /**
             * Format: int64
             * @description The number; never 0 where it is bytes a second.
             */
            value: number;
        };
        /** @description Everything that the time off is made of. */
        PreflightFigures: {
            /** @description Until a guest is up, in seconds, for each. */
            boot_seconds: components["schemas"]["PreflightFigure"];
            /** @description What has changed is written to the drive, in bytes a second. */
            changed_write: components["schemas"]["PreflightFigure"];
            /** @description The recovery medium reads the set for its last look, in bytes a second. */
            medium_read: components["schemas"]["PreflightFigure"];
            /** @description From the permit until 2.x runs, without the last look, in seconds. */
            reset_seconds: components["schemas"]["PreflightFigure"];
            /** @description The volumes of 2.x are written, in bytes a second. */
            restore_write: components["schemas"]["PreflightFigure"];
            /** @description The disks of the VMs are read, in bytes a second; and read back on 2.x. */
            source_read: components["schemas"]["PreflightFigure"];
            /** @description Until all VMs are shut down, in seconds. */
            stop_seconds: components["schemas"]["PreflightFigure"];
            /** @description The drive is read to verify the set, in bytes a second; and to restore from it. */
            verify_read: components["schemas"]["PreflightFigure"];
        };
        /**
         * @description What 2.x takes of its disk for itself. Where the artifact's manifest says otherwise, that stands; these are
         *     the lab's: a boot partition from 1 MiB to 256 MiB, the physical volume behind it to the end of the disk, LVM's
         *     usual extents, and 1 GiB for the root file system.
         */
        PreflightLayout: {
            /**
             * Format: int64
             * @description How large an extent is (`vg_extent_size`).
             * @default 4194304
             */
            extent_bytes: number;
            /**
             * Format: int64
             * @description Where the physical volume's first extent begins (`pe_start`): behind LVM's metadata.
             * @default 1048576
             */
            pe_start_bytes: number;
            /**
             * Format: int64
             * @description Where the physical volume begins: behind the boot partition.
             * @default 268435456
             */
            pv_start_bytes: number;
            /**
             * Format: int64
             * @description The root volume.
             * @default 1073741824
             */
            root_bytes: number;
            /**
             * Format: int64
             * @description Room for snapshots.
             * @default 0
             */
            snapshot_bytes: number;
            /**
             * Format: int64
             * @description Kept free at least.
             * @default 16
             */
            spare_extents: number;
            /**
             * Format: int64
             * @description Kept free beside these, in percent of the group, and at least [`Self::spare_extents`].
             * @default 1
             */
            spare_percent: number;
        };
        /** @description Backups that the dashboard of 1.x has made and that are to be kept. */
        PreflightLegacyBackups: {
            /**
             * Format: int64
             * @description How much of them is to be put onto the drive.
             * @default 0
             */
            bytes: number;
            /**
             * @description Whether they are converted there, so that old and new are there at once.
             * @default false
             */
            converted_on_drive: boolean;
        };
        /**
         * @description When it is looked at.
         * @enum {string}
         */
        PreflightMoment: "ahead" | "vms_off";
        /** @description What somebody has said of the stick. */
        PreflightStick: {
            /** @enum {string} */
            kind: "unknown";
        } | {
            /** @description That key's id, as the stick shows it. */
            key: string;
            /** @enum {string} */
            kind: "ours";
        } | {
            /** @enum {string} */
            kind: "vendor";
        };
        /** @description How long the VMs may be off. */
        PreflightWindow: {
            /**
             * Format: int32
             * @description When it begins, in minutes since midnight where the appliance stands; nothing where nobody has said.
             */
            begins_minute?: number | null;
            /**
             * Format: int64
             * @description How long it is.
             */
            seconds: number;
        };
        /**
         * @description Whether an appliance is heard of.
         * @enum {string}
         */
        Presence: "online" | "stale" | "offline" | "expected_offline";
        /**
         * @description What is offered first to an appliance that has several things to do. It breaks no lock.
         * @enum {string}
         */
        Priority: "bulk" | "normal" | "urgent";
        /** @description An error, as it is sent (RFC 9457). */
        Problem: {
            /** @description A word for programs, which never changes. */
            code: string;
            /** @description What is wrong with each field. */
            fields?: {
                [key: string]: string;
            } | null;
            /** @description The id of the request, as it is in the server's log. */
            request_id: string;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description A sentence for people. */
            title: string;
            /** @description Always `about:blank`: `code` says more. */
            type: string;
            /** @description What to do about it. */
            what_to_do: string;
        };
        /** @description How far an operation is. */
        Progress: {
            /**
             * Format: int64
             * @description Bytes done.
             */
            done_bytes: number;
            /**
             * Format: int64
             * @description Seconds left at that rate, where that can be told.
             */
            left_seconds?: number | null;
            /**
             * Format: int64
             * @description Bytes a second, lately.
             */
            rate_bytes_per_second: number;
            /** @description What is being done now, for people. */
            step: string;
            /**
             * Format: int64
             * @description Bytes in all, where that is known.
             */
            total_bytes?: number | null;
        };
        /**
         * @description How much of a drive is looked at.
         * @enum {string}
         */
        QualifyMode: "quick" | "full" | "unknown";
        /** @description A value with its interval, 95 %. */
        Range: {
            /**
             * Format: double
             * @description The upper end. Null where there is none.
             */
            high?: number | null;
            /**
             * Format: double
             * @description The lower end.
             */
            low: number;
            /**
             * Format: double
             * @description The value. Null where no number is large enough.
             */
            value?: number | null;
        };
        /** @description How many times larger one rate is than another. */
        Ratio: {
            /**
             * Format: double
             * @description How probable it is that chance alone gives what is this improbable, were both the same and no two deaths
             *     had to do with each other.
             */
            p: number;
            /** @description So many times, with its exact interval. */
            ratio: components["schemas"]["Range"];
        };
        /** @description Why an operation was not done. */
        Reason: {
            /**
             * @description A word for programs: `expired`, `epoch`, `read_only`, `unknown_kind`, `not_found`,
             *     `not_ours`, `no_room`, `withdrawn`, `unknown`, `timeout`, `refused`, `disk_full` …
             */
            code: string;
            /** @description A sentence for people. */
            message: string;
        };
        /**
         * @description A line of releases of the hypervisor.
         * @enum {string}
         */
        Release: "1.x" | "2.x";
        /**
         * @description Whether a version may be used.
         * @enum {string}
         */
        ReleaseState: "beta" | "stable" | "withdrawn";
        /** @description A version of a component, and what is known of it. */
        ReleaseView: {
            /** @description Of what it is a version. */
            component: components["schemas"]["Component"];
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description What people should know, such as what is new in it. */
            note: string;
            /** @description Its known problems, a sentence each. */
            problems: string[];
            /**
             * Format: int64
             * @description Rises with each change.
             */
            revision: number;
            /** @description Whether it may be used. */
            state: components["schemas"]["ReleaseState"];
            /** @description When something was last said of it. */
            updated_at: components["schemas"]["Timestamp"];
            /** @description The version, as appliances report it. */
            version: string;
        };
        /** @description What is said of a version. */
        ReleaseWords: {
            /** @description Of what it is a version. */
            component: components["schemas"]["Component"];
            /** @description What people should know. */
            note?: string;
            /** @description Its known problems, a sentence each. */
            problems?: string[];
            /** @description Whether it may be used. */
            state: components["schemas"]["ReleaseState"];
            /** @description The version, as appliances report it. */
            version: string;
        };
        /** @description All releases. */
        Releases: {
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /** @description The rows. */
            releases: components["schemas"]["ReleaseView"][];
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description Which component makes appliances freeze, as far as that can be said of what was watched. */
        ReliabilityView: {
            /** @description When it was worked out; it may be a minute old. */
            as_of: components["schemas"]["Timestamp"];
            /** @description What was found. */
            diagnosis: components["schemas"]["Diagnosis"];
            /**
             * Format: int64
             * @description How many intervals come from tables that were brought here.
             */
            imported: number;
            /** @description Boots that say nothing, and why. */
            left_out: components["schemas"]["LeftOut"][];
            /** @description The names of appliances that are spoken of by their ids. */
            names: components["schemas"]["Named"][];
        };
        /** @description Who asked for something. */
        RequestedBy: {
            /** @description Its e-mail address. */
            email: string;
            /** @description The operator. */
            id: components["schemas"]["OperatorId"];
        };
        /** @description A folder that a VM is restored into. */
        RestoreFolder: {
            format?: components["schemas"]["Format"] | null;
            /** @description Its absolute path; made where it is not there. */
            path: string;
        };
        /** @description Where the disks of a VM are restored to. */
        RestoreTo: {
            /** @description New files. */
            folder: components["schemas"]["RestoreFolder"];
        } | {
            /** @description New volumes of that group. */
            volume_group: string;
        };
        /**
         * @description What an operator may do; each role may do what those before it may.
         * @enum {string}
         */
        Role: "viewer" | "operator" | "admin";
        /**
         * @description What came of a time at which an appliance was to be backed up.
         * @enum {string}
         */
        RunOutcome: "asked" | "refused";
        /** @description Something that the kernel says. */
        RuntimeValue: {
            /** @description What, such as `scheduler of sda`. */
            name: string;
            /** @description What it is, such as `noop`. */
            value: string;
        };
        /**
         * Format: uuid
         * @description A schedule of backups.
         */
        ScheduleId: string;
        /** @description What is changed of a schedule. */
        SchedulePatch: {
            /** @description Whether nothing is asked for the time being. What passes meanwhile is not made up for. */
            paused?: boolean | null;
            plan?: components["schemas"]["SchedulePlan"] | null;
        };
        /** @description What a schedule says. */
        SchedulePlan: {
            /** @description Which appliances: their ids. */
            appliances?: components["schemas"]["ApplianceId"][] | null;
            /** @description Encrypt the sets. Each has a key of its own, which the server gives out and an administrator can ask for. */
            encrypted?: boolean;
            /**
             * @description Which appliances: a filter (docs/filter.md), evaluated anew each time, as whoever wrote the schedule
             *     sees the fleet. Either this or `appliances`.
             */
            filter?: string | null;
            /** @description What becomes of VMs that run. */
            how?: components["schemas"]["How"];
            keep?: components["schemas"]["Keep"] | null;
            /** @description What people call it. */
            name: string;
            /** @description Make parity of each set, a tenth of its size, from which a drive that loses sectors is mended. */
            parity?: boolean;
            /** @description When. */
            when: components["schemas"]["When"];
        };
        /** @description What a schedule would choose, and when. */
        SchedulePreview: {
            /**
             * Format: int64
             * @description How many appliances it would choose now.
             */
            appliances: number;
            /** @description The next times, in each time zone in which there is one of them. */
            next: components["schemas"]["NextTimes"][];
        };
        /** @description What came of a time at which an appliance was to be backed up. */
        ScheduleRun: {
            /** @description The appliance. */
            appliance: components["schemas"]["Named"];
            /** @description When it was decided. */
            decided_at: components["schemas"]["Timestamp"];
            /** @description When it was to begin. */
            due_at: components["schemas"]["Timestamp"];
            /**
             * Format: int32
             * @description Earlier times that passed without a backup, for all of which this one was made: the server was not
             *     there, say.
             */
            missed: number;
            operation_id?: components["schemas"]["OperationId"] | null;
            /** @description What came of it. */
            outcome: components["schemas"]["RunOutcome"];
            reason?: components["schemas"]["Reason"] | null;
            /** @description How far that is. */
            state?: string | null;
            /** @description What to do about it. */
            what_to_do?: string | null;
        };
        /** @description A part of what came of a schedule's times. */
        ScheduleRuns: {
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /** @description The rows. */
            runs: components["schemas"]["ScheduleRun"][];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /**
         * @description How well two components can be told apart.
         *
         *     Each value of one has a value of the other that it mostly goes with. What is watched while both are as they
         *     mostly are says nothing of which of the two is to blame.
         */
        Separation: {
            /**
             * Format: double
             * @description For how many appliance-days they did not go together.
             */
            appliance_days: number;
            /** @description The one. */
            component: components["schemas"]["Component"];
            /** @description How many died then. */
            deaths: number;
            /** @description The other. */
            from: components["schemas"]["Component"];
            /**
             * Format: double
             * @description Those days, as a share of all.
             */
            share: number;
        };
        /** @description The server. */
        ServerView: {
            /**
             * Format: int64
             * @description How many of the appliances that it waits for have reported since the restore.
             */
            appliances_reconciled: number;
            /**
             * Format: int64
             * @description How many it waits for: accepted, and seen in the week before.
             */
            appliances_total: number;
            /** @description Whether it was restored and waits: it shows everything and asks nothing of appliances. */
            held: boolean;
            held_since?: components["schemas"]["Timestamp"] | null;
            /**
             * Format: int64
             * @description Counts the restores of its database from a backup, from 1.
             */
            incarnation: number;
            /** @description When this process began. */
            started_at: components["schemas"]["Timestamp"];
            /** @description Its version. */
            version: string;
        };
        /** @description A disk in a set. */
        SetDisk: {
            /**
             * Format: int64
             * @description How much of it is not zeros; 0 while it is not finished.
             */
            data_bytes?: number;
            /** @description Its name in the guest. */
            vdev: string;
            /**
             * Format: int64
             * @description Its size, as the guest sees it.
             */
            virtual_bytes: number;
        };
        /**
         * Format: uuid
         * @description A backup set.
         */
        SetId: string;
        /** @description The key of an encrypted backup set. */
        SetKey: {
            /** @description Which it is. */
            id: components["schemas"]["KeyId"];
            /**
             * @description The key itself, as a line of the file that `domfleet-agent backup --key FILE` takes. Whoever has it
             *     can read the set.
             */
            key: string;
        };
        /**
         * @description How sure a backup set is.
         * @enum {string}
         */
        SetState: "verified" | "unverified" | "damaged" | "unfinished" | "gone";
        /** @description A backup set. */
        SetSummary: {
            /** @description When it was begun, by the agent's clock. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Whether there is parity of it, read back as well, from which a drive that loses some of it is mended. */
            is_protected?: boolean;
            key?: components["schemas"]["KeyName"] | null;
            sealed_at?: components["schemas"]["Timestamp"] | null;
            /** @description The set. */
            set: components["schemas"]["SetId"];
            /**
             * Format: int64
             * @description What it takes on the drive.
             */
            stored_bytes?: number;
            /** @description What is damaged, or why nothing can be said of it. */
            troubles?: string[];
            verified_at?: components["schemas"]["Timestamp"] | null;
            /** @description What is in it, or is to be. */
            vms: components["schemas"]["SetVm"][];
        };
        /** @description A VM in a set. */
        SetVm: {
            /** @description Its disks. */
            disks: components["schemas"]["SetDisk"][];
            /** @description Disks that are not in the set, and why. */
            left_out?: string[];
            /** @description Its name. */
            name: string;
            /** @description The VM. */
            uuid: components["schemas"]["VmId"];
        };
        /**
         * @description How grave something is; the later is the graver.
         * @enum {string}
         */
        Severity: "info" | "warn" | "high" | "crit" | "fatal";
        /** @description The sign of a known fault. */
        Signature: {
            /** @description What to do about it. */
            advice?: string;
            /** @description Other signatures that are found in its samples, too. */
            also?: string[];
            /** @description Lines that are not meant. */
            except?: string[];
            /** @description Whether the kernel prints a call trace below it. */
            has_trace?: boolean;
            /** @description What findings, alarms and people call it. */
            id: string;
            /** @description What has happened. */
            meaning: string;
            /** @description Lines in which it must not be found, although one might think so. */
            near_misses?: string[];
            /** @description Regular expressions; any of them, on one line without its time and level. */
            patterns: string[];
            /** @description Lines in which it must be found. */
            samples?: string[];
            /** @description How grave that is. */
            severity: components["schemas"]["Severity"];
            /** @description Forms of it that have another severity. One that matches goes before `patterns`. */
            variants?: components["schemas"]["Variant"][];
        };
        /** @description A signature that is looked for. */
        SignatureView: components["schemas"]["Signature"] & {
            /**
             * Format: int64
             * @description At how many appliances.
             */
            appliances: number;
            /**
             * Format: int64
             * @description In how many bundles it was found, of those that one may see.
             */
            bundles: number;
            own?: components["schemas"]["OwnSignature"] | null;
        };
        /** @description All signatures. */
        Signatures: {
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /** @description The rows. */
            signatures: components["schemas"]["SignatureView"][];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A permit with its signature, as it is on the drive. */
        SignedPermit: {
            /** @description The id of the key that signed it: the first 16 digits of the BLAKE3 of its public half. */
            key: string;
            /** @description The permit, in the bytes that were signed: JSON. */
            permit: string;
            /** @description The Ed25519 signature over [`Permit::signed_bytes`], in hexadecimal digits. */
            signature: string;
        };
        /**
         * Format: uuid
         * @description A site, where appliances stand.
         */
        SiteId: string;
        /** @description What is to be changed of a site. */
        SitePatch: {
            /** @description Where it is. */
            address?: string | null;
            /** @description Whom to call. */
            contact?: string | null;
            /** @description Its name. */
            name?: string | null;
            /** @description Its time zone. */
            time_zone?: string | null;
        };
        /** @description A new site. */
        SiteRequest: {
            /** @description Where it is. */
            address?: string;
            /** @description Whom to call. */
            contact?: string;
            /** @description Its name. */
            name: string;
            organisation_id?: components["schemas"]["OrganisationId"] | null;
            /** @description Its time zone, such as `Europe/Vienna`; `UTC` where it is not said. */
            time_zone?: string | null;
        };
        /** @description Where appliances stand. */
        SiteView: {
            /** @description Where it is. */
            address: string;
            /** @description Whom to call. */
            contact: string;
            /** @description When it was made. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Its id. */
            id: components["schemas"]["SiteId"];
            /** @description Its name, unique in its organisation. */
            name: string;
            /** @description Whose it is. */
            organisation_id: components["schemas"]["OrganisationId"];
            /** @description Its time zone, such as `Europe/Vienna`. */
            time_zone: string;
            /**
             * Format: int64
             * @description Rises with each change.
             */
            version: number;
        };
        /** @description The sites. */
        Sites: {
            /** @description What to send as `next` to go on; nothing at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Rises with every change of anything.
             */
            revision: number;
            /** @description The rows. */
            sites: components["schemas"]["SiteView"][];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description Load on dom0's disk, to see whether dom0 survives it. */
        StressRun: {
            /**
             * @description The folder in dom0 whose disk is put under load, by its absolute path; the agent's own where it is not
             *     said. A folder for the run is made in it and removed afterwards.
             */
            folder?: string | null;
            /**
             * Format: int32
             * @description How many processes write and read at once; 5 where it is not said.
             */
            jobs?: number | null;
            /**
             * Format: int32
             * @description How long it goes on, in seconds, at most a day; 8 hours where it is not said.
             */
            seconds?: number | null;
            /**
             * Format: int64
             * @description How large the file of each is, in bytes; 800 MiB where it is not said.
             */
            size_bytes?: number | null;
            /** @description Go on although not every VM has a verified backup that is newer than its last start. */
            waive_backups?: boolean;
        };
        /** @description What may be to blame, and what speaks for it. */
        Suspect: {
            /** @description One component, or several that cannot be told apart. */
            components: components["schemas"]["Component"][];
            /** @description The evidence, a sentence each. */
            evidence: string[];
            /**
             * Format: double
             * @description How probable chance alone makes as much, after all components were asked about.
             */
            p_adjusted: number;
            /** @description What separates it from the components that it goes together with the most. */
            separations: components["schemas"]["Separation"][];
        };
        /**
         * Format: date-time
         * @description A moment in UTC, RFC 3339 with three decimals.
         */
        Timestamp: string;
        /** @description What a drive may be used for. */
        Usage: {
            /** @enum {string} */
            kind: "system";
            /** @description Who. */
            reason: string;
        } | {
            /** @description Which one it is. */
            drive: components["schemas"]["DriveId"];
            /** @enum {string} */
            kind: "ours";
        } | {
            /** @description Which one it becomes. */
            drive: components["schemas"]["DriveId"];
            /** @enum {string} */
            kind: "unfinished";
        } | {
            /** @enum {string} */
            kind: "empty";
        } | {
            /** @enum {string} */
            kind: "foreign";
            /** @description What, for people. */
            what: string;
        } | {
            /** @enum {string} */
            kind: "unknown";
        };
        /** @description A drive that is plugged in now. */
        UsbDrive: {
            content?: components["schemas"]["Content"] | null;
            /** @description What it tells of itself on the bus. */
            hardware: components["schemas"]["UsbHardware"];
            /** @description What it is known by. */
            identity: components["schemas"]["DriveIdentity"];
            /** @description Where the undivided drive is mounted. */
            mounted_at: string[];
            /** @description Its partitions, by where they begin. */
            partitions: components["schemas"]["UsbPartition"][];
            /** @description Its device, such as `/dev/sdb`. Another one tomorrow. */
            path: string;
            /** @description Whether the kernel refuses to write to it. */
            read_only: boolean;
            /**
             * Format: int64
             * @description As it says itself.
             */
            size_bytes: number;
            /** @description How it is divided. */
            table: components["schemas"]["PartitionTable"];
            /** @description What it may be used for. */
            use: components["schemas"]["Usage"];
        };
        /** @description The USB drives of an appliance. */
        UsbDrives: {
            at?: components["schemas"]["Timestamp"] | null;
            /** @description Those that are plugged in, by their device. */
            drives: components["schemas"]["UsbDrive"][];
        };
        /** @description What a drive tells of itself on the bus. Cheap ones lie, or say nothing. */
        UsbHardware: {
            /** @description Its name. */
            model?: string | null;
            /** @description Where it is plugged in, such as `1-4.2`: bus, and ports of the hubs on the way. */
            port?: string | null;
            /** @description `idProduct`: four hexadecimal digits. */
            product_id: string;
            /** @description Of the USB device; nothing where it has none. */
            serial?: string | null;
            /**
             * Format: int32
             * @description What the bus runs at: 480 is USB 2, 5000 and more is USB 3.
             */
            speed_megabits?: number | null;
            /** @description Who says that they made it. */
            vendor?: string | null;
            /** @description `idVendor`: four hexadecimal digits. */
            vendor_id: string;
        };
        /** @description A partition. */
        UsbPartition: {
            content?: components["schemas"]["Content"] | null;
            /** @description Where it is mounted. */
            mounted_at: string[];
            /** @description Its device, where the kernel has one for it. */
            path?: string | null;
            /**
             * Format: int64
             * @description How long it is.
             */
            size_bytes: number;
            /**
             * Format: int64
             * @description Where it begins.
             */
            start_bytes: number;
            /** @description Its GUID, or `signature-number` in an MBR. */
            uuid?: string | null;
        };
        /** @description One value of a component. */
        ValueReport: {
            /**
             * Format: double
             * @description How long all were watched together.
             */
            appliance_days: number;
            /** @description Of how many appliances. */
            appliances: number;
            /** @description In how many boots. */
            boots: number;
            compared?: components["schemas"]["Ratio"] | null;
            /** @description The share that is left at each uptime, from the first on at which five were watched. */
            curve: components["schemas"]["CurveStep"][];
            /** @description How many ended with a panic, a hang or a watchdog. */
            deaths: number;
            /** @description How many intervals were watched. */
            intervals: number;
            /** @description How many never came back: censored when they were last heard of, though something may have happened. */
            lost: number;
            /**
             * Format: double
             * @description The uptime in days that half of them do not reach; null where more do.
             */
            median_days?: number | null;
            /** @description The most deaths of one appliance. */
            most_of_one_appliance: number;
            /** @description How many were ended by a stress run: censored, not deaths. */
            provoked: number;
            rate_per_1000?: components["schemas"]["Range"] | null;
            rate_per_1000_with_unknown?: components["schemas"]["Range"] | null;
            /** @description How many ended nobody knows how. */
            unknown: number;
            /** @description The value. Where VMs of one appliance differ, all that there are, with ` + ` between. */
            value: string;
        };
        /** @description A form of a fault that is more or less grave than others. */
        Variant: {
            /** @description Regular expressions. */
            patterns: string[];
            /** @description Lines in which it must be found. */
            samples?: string[];
            /** @description How grave it is. */
            severity: components["schemas"]["Severity"];
        };
        /** @description What can be said. */
        Verdict: {
            /** @description What was watched. */
            have: components["schemas"]["Amount"];
            /** @enum {string} */
            kind: "not_enough";
            /** @description What would be needed to find a hazard ratio that is worth it (Schoenfeld 1983). */
            need: components["schemas"]["Amount"];
        } | {
            /** @enum {string} */
            kind: "nothing_stands_out";
            /** @description Of these, too little was watched to say even that. */
            too_little: components["schemas"]["Component"][];
        } | {
            /** @enum {string} */
            kind: "inseparable";
            /** @description The most improbable by chance first. */
            suspects: components["schemas"]["Suspect"][];
        } | {
            /** @enum {string} */
            kind: "suspects";
            /** @description The most improbable by chance first. */
            suspects: components["schemas"]["Suspect"][];
        };
        /** @description A VM: the durable thing. Its running incarnation is a domain. */
        Vm: {
            /** @description Whether it is started with dom0, where that can be told. */
            autostart?: boolean | null;
            /** @description The file that it is started from, if there is one. */
            config_path?: string | null;
            /** @description Its disks, in the order of its configuration. */
            disks: components["schemas"]["VmDisk"][];
            /**
             * Format: int32
             * @description The domain's number, while it has one.
             */
            domid?: number | null;
            /** @description Its network cards' MAC addresses, in the order of its configuration. */
            macs: string[];
            /** @description Whether it was adopted or made by us. */
            managed: boolean;
            /**
             * Format: int64
             * @description Memory.
             */
            memory_bytes: number;
            /** @description Its name in Xen. */
            name: string;
            /** @description The QEMU that serves the running domain, which an upgrade does not change. */
            qemu_running?: string | null;
            started_at?: components["schemas"]["Timestamp"] | null;
            /** @description How it is. */
            state: components["schemas"]["VmState"];
            /** @description What Xen knows it by. */
            uuid: components["schemas"]["VmId"];
            /**
             * Format: int32
             * @description Virtual CPUs.
             */
            vcpus: number;
        };
        /** @description What is to be changed of a VM. It takes effect at the VM's next start. */
        VmChangeOperation: {
            /** @description Disks to be attached. */
            add_disks?: components["schemas"]["NewDisk"][];
            /** @description Network cards to be attached. */
            add_nics?: components["schemas"]["NewNic"][];
            /**
             * Format: int64
             * @description Memory.
             */
            memory_mib?: number | null;
            /** @description Disks to be taken away, by their names in the guest. What they were stays. */
            remove_disks?: string[];
            /** @description Network cards to be taken away, by their MAC addresses. */
            remove_nics?: string[];
            /**
             * Format: int32
             * @description Virtual CPUs.
             */
            vcpus?: number | null;
            /** @description The VM. It must be managed. */
            vm: components["schemas"]["VmId"];
        };
        /** @description A VM to be made. It is not started. */
        VmCreateOperation: {
            /** @description What it is made from. */
            from: components["schemas"]["VmSource"];
            vm?: components["schemas"]["VmId"] | null;
        };
        /** @description A disk of a VM. */
        VmDisk: {
            /**
             * @description By content where it could be read, else as configured: `qcow`, `qcow2`, `raw`, `lv`, `vhd`,
             *     `qed`.
             */
            format: string;
            /** @description File or block device in dom0; nothing for an empty CD drive. */
            target?: string | null;
            /** @description Its name in the guest, such as `xvda`. */
            vdev: string;
            /** @description Whether the guest may write. */
            writable: boolean;
        };
        /**
         * @description The step at which a VM failed: where another attempt begins.
         * @enum {string}
         */
        VmFailedAt: "restore" | "configuration" | "boot";
        /** @description A VM, as it is described in a form. */
        VmForm: {
            /**
             * @description What an HVM guest is booted from, such as `dc`: `c` a disk, `d` the CD drive, `n` the
             *     network.
             */
            boot?: string | null;
            /** @description What the kernel is told. */
            cmdline?: string | null;
            /** @description Its disks. */
            disks?: components["schemas"]["NewDisk"][];
            /** @description The guest's kernel, a file in dom0. Without one, a PV or PVH guest is booted by pygrub. */
            kernel?: string | null;
            /**
             * Format: int64
             * @description Memory.
             */
            memory_mib: number;
            /** @description Its name: up to 64 letters, digits and `+ _ . -`, and not only digits. */
            name: string;
            /** @description Its network cards. */
            nics?: components["schemas"]["NewNic"][];
            /** @description Its first file system, a file in dom0. */
            ramdisk?: string | null;
            /** @description How it is virtualised. */
            type: components["schemas"]["VmType"];
            /** @description Whether an HVM guest is booted by UEFI in place of BIOS. */
            uefi?: boolean;
            /**
             * Format: int32
             * @description Virtual CPUs.
             */
            vcpus: number;
        };
        /**
         * Format: uuid
         * @description A VM: the UUID that Xen knows it by, which we pin and never make up.
         */
        VmId: string;
        /** @description How far a VM is on the system that it is given back on. */
        VmProgress: {
            /** @enum {string} */
            state: "waiting";
        } | {
            /** @enum {string} */
            state: "restored";
        } | {
            /** @enum {string} */
            state: "configured";
        } | {
            /** @enum {string} */
            state: "booting";
        } | {
            /** @enum {string} */
            state: "healthy";
        } | {
            /** @description At which step. */
            at: components["schemas"]["VmFailedAt"];
            /** @description What, in words. */
            reason: string;
            /** @enum {string} */
            state: "failed";
        } | {
            /** @description Who. */
            by: string;
            /** @enum {string} */
            state: "waived";
        };
        /** @description What a VM is made from. */
        VmSource: {
            /** @description A form that was filled in. */
            form: components["schemas"]["VmForm"];
        } | {
            /**
             * @description The text of an xl configuration (xl.cfg(5)), at most 32 KiB. It is kept as it is, but for
             *     the UUID and the MAC addresses, which are written into it.
             */
            config: string;
        };
        /**
         * @description How a VM is, as Xen tells it.
         * @enum {string}
         */
        VmState: "running" | "paused" | "shutdown" | "crashed" | "dying" | "off" | "unknown";
        /**
         * @description How a guest is virtualised.
         * @enum {string}
         */
        VmType: "pv" | "pvh" | "hvm";
        /** @description The VMs of an appliance. */
        Vms: {
            at?: components["schemas"]["Timestamp"] | null;
            /** @description By UUID. */
            vms: components["schemas"]["Vm"][];
        };
        /** @description An LVM logical volume. */
        Volume: {
            /** @description `lv_attr`, as LVM prints it. */
            attributes: string;
            /**
             * Format: int32
             * @description `data_percent`, of thin volumes, pools and snapshots, in hundredths of a percent.
             */
            data_basis_points?: number | null;
            /** @description `lv_uuid`. */
            lv_uuid: string;
            /** @description Whether it carries our tag: only then is it ever removed. */
            managed: boolean;
            /**
             * Format: int32
             * @description `metadata_percent`, of thin pools, in hundredths of a percent.
             */
            metadata_basis_points?: number | null;
            /** @description `lv_name`. */
            name: string;
            /** @description `origin`, of a snapshot. */
            origin?: string | null;
            /** @description `pool_lv`: the pool of a thin volume. */
            pool?: string | null;
            /** @description `segtype`: `linear`, `thin`, `thin-pool`, … */
            segment_type: string;
            /**
             * Format: int64
             * @description `lv_size`.
             */
            size_bytes: number;
            /** @description `lv_tags`. */
            tags: string[];
            /** @description `vg_name`. */
            volume_group: string;
        };
        /** @description An LVM volume group. */
        VolumeGroup: {
            /**
             * Format: int64
             * @description `vg_extent_size`.
             */
            extent_bytes: number;
            /**
             * Format: int64
             * @description `vg_free`.
             */
            free_bytes: number;
            /** @description `vg_name`. */
            name: string;
            /**
             * Format: int64
             * @description `vg_size`.
             */
            size_bytes: number;
            /** @description `vg_uuid`. */
            uuid: string;
        };
        /** @description The storage of an appliance. */
        VolumesView: {
            at?: components["schemas"]["Timestamp"] | null;
            /** @description By name. */
            volume_groups: components["schemas"]["VolumeGroup"][];
            /** @description By volume group and name. */
            volumes: components["schemas"]["Volume"][];
        };
        /** @description For how long an appliance was watched, and how it went. */
        WatchedFor: {
            /**
             * Format: double
             * @description How long, in days.
             */
            days: number;
            /** @description How often it froze, panicked or was ended by a watchdog. */
            deaths: number;
            rate?: components["schemas"]["Range"] | null;
            /** @description How often it ended in a way that nobody knows, which is no death here. */
            unknown: number;
        };
        /** @description When backups are made: by the clock on the wall of each appliance's site; by UTC where it has none. */
        When: {
            /**
             * @description The time of day, as `HH:MM`.
             * @example 02:30
             */
            at: string;
            /** @description On these days of the week; on each where none is named. */
            days?: components["schemas"]["Day"][];
            /**
             * Format: int32
             * @description Each appliance begins up to so many minutes later, another number each day, so that not all begin at
             *     once.
             */
            spread_minutes?: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
