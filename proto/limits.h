/*
 * Every bound of the project. Those of the first part are constants of the
 * format: all devices must agree on them, so they can never be changed.
 */
#ifndef FOB_LIMITS_H
#define FOB_LIMITS_H

/* --- the format ---------------------------------------------------------- */
#define ID_SIZE 32	  /* id of an item, bytes */
#define DEVICE_ID_SIZE 16 /* bytes */
#define RECORD_ID_SIZE 16
#define VID_SIZE 16
#define KID_SIZE 16
#define GROUP_ID_SIZE 32
#define KEY_SIZE 32 /* group key, unlock key, public keys */
#define SIGNATURE_SIZE 64
#define NONCE_SIZE 24
#define COMMITMENT_SIZE 32
#define TAG_SIZE 16
#define BOX_SIZE (KEY_SIZE + TAG_SIZE)
#define CLASS_MAX 3 /* 0 membership, 1 keys, 2 entries */

#define HEAD_MAX 4096
#define HEAD_KEY_MAX 16384	/* KEY */
#define HEAD_RECOVERY_MAX 20480 /* RECOVERY */
#define BODY_MAX (HEAD_RECOVERY_MAX + 64)
#define BLOB_MAX 15376
#define PLAIN_MAX (BLOB_MAX - TAG_SIZE)
#define PATH_MAX_DEPTH 16 /* of a rank */
#define ROSTER_MAX 4	  /* ids in Head.roster */
#define PARENTS_MAX 64	  /* of an ENTRY */
#define RECOVERY_VALID_MAX 512
#define GONE_MAX 64  /* vids, the newest are kept */
#define LIST_MAX 256 /* any other repeated field, after unpacking */
#define UNKNOWN_FIELDS_MAX 8

/* --- entries ------------------------------------------------------------- */
#define TEXT_MAX 256 /* issuer, account, tag: bytes of UTF-8 */
#define DEVICE_NAME_MAX 64
#define FIELD_KEY_MAX 128
#define FIELD_VALUE_MAX 8192 /* note and free fields */
#define FIELDS_MAX 256
#define SECRET_MAX 256
#define LIVE_MAX 16 /* live seeds of one entry */
#define DIGITS_MIN 4
#define DIGITS_MAX 10
#define PERIOD_MAX 86400 /* seconds */
#define PIN_MAX 64
#define EXPORT_FORMAT_MAX 32 /* bytes of its name */
#define GROUP_TAGS_MAX 64
#define STAMP_MAX 4102444800000ull /* 2100-01-01 in ms; later counts as 0 */

/* --- memory and messages -------------------------------------------------- */
#define SECRET_ARENA (1024 * 1024)
#define KEYS_HELD_MAX 1024	     /* group keys that one device keeps open */
#define MESSAGE_BUDGET (1024 * 1024) /* bytes that one unpacked message costs */
#define MESSAGE_ALLOCS 4096
#define FRAME_MAX (64 * 1024) /* after authentication, and on the socket */
#define FRAME_STRANGER_MAX 4096
#define MESSAGE_MAX (FRAME_MAX - 64) /* of a peer, packed */
#define ITEMS_BYTES (48 * 1024)	     /* packed items in one Items message */
#define IDS_PER_MESSAGE 1024	     /* in Announce, Want, BlobWant, BlobGone */
#define WANTED_MAX (1u << 18) /* ids missing here that one peer may name */
#define RANGES_PER_MESSAGE 256
#define RANGE_SPLIT 16
#define RANGE_LIST 32 /* so few ids are listed */
#define UNACKED_MAX 8 /* Items messages of one peer under way */
#define ITEMS_PER_MESSAGE 256
#define RUN_TIMEOUT_MS 60000
#define RUN_ROUNDS 8 /* comparisons in a run that bring nothing new here */
#define RUN_ASKED_MS 600000 /* at most, for what is asked of one peer */
#define RUN_REST_MS 30000   /* nothing is asked of who did not give it */
#define RUN_LEVELS 64
#define RUN_RANGES_EXTRA 1024
#define CHAIN_ADDS 16
#define CHAIN_BYTES (32 * 1024)
#define COMMIT_ITEMS 1024
#define SEQ_MAX 0x7fffffffu /* of an item's row; as many again can follow */

/* --- peers ---------------------------------------------------------------- */
#define PEERS_MAX 16 /* authenticated */
#define HALF_OPEN_MAX 8
#define HANDSHAKE_MS 10000
#define KEEPALIVE_MS 45000
#define PEER_DEAD_MS 120000
#define REHANDSHAKE_MS (24ull * 3600 * 1000)
#define REKEY_RECORDS 65536
#define DENIED_MAX 64 /* revoked devices that get no answer any more */
#define SELF_DIAL_REST_MS 60000
#define DIAL_MIN_MS 1000
#define DIAL_MAX_MS 300000
#define RUN_DELAY_MIN_MS 1000
#define RUN_DELAY_MAX_MS 3600000
#define RUN_LATER_MS 60000 /* at least, when items were put off */
#define WRITE_QUEUE_HIGH (256 * 1024)
#define WRITE_QUEUE_MAX (1024 * 1024)
#define ACCEPT_PER_SECOND 20
#define ADDRESSES_MAX 8	       /* of one device */
#define DEVICES_CREATED_MAX 64 /* live members made by honest software */
#define HOLDER_SLOTS 64
#define PARKED_ITEMS 512   /* class 0, their author is not known yet */
#define BUCKET_ITEMS 20000 /* class 2, of one author */
#define BUCKET_PER_MINUTE 64
#define SKEW_MAX_MS (5 * 60 * 1000)
#define CLOCK_ALARM_MS 2000
#define ROTATE_JITTER_MIN_MS 5000
#define ROTATE_JITTER_MAX_MS 60000
#define ROTATE_REST_MS (10 * 60 * 1000)
/* Soft rows: masks are gathered, then written behind; 5 s in all. */
#define SOFT_GATHER_MS 1000
#define SOFT_WRITE_MS 4000

/* --- pairing -------------------------------------------------------------- */
#define INVITE_MS 120000
#define INVITE_LONG_MS 600000
#define INVITE_SLOTS 3	      /* connections at once */
#define INVITE_CONNECTIONS 10 /* a code */
#define INVITE_DEAD_MAX 3     /* dead codes until the back-off starts */
#define INVITE_BACKOFF_MS 60000

/* --- new keys for a device ------------------------------------------------ */
#define RESET_MS 600000 /* a person walks to another device */
#define RESET_SLOTS 2	/* of the new keys: a passphrase, a key file */
#define RESET_WORDS 6	/* that stand for them; they are typed there */

/* --- recovery ------------------------------------------------------------- */
#define RESCUE_LINES 4		       /* connections at once */
#define RESCUE_READY_MAX 3	       /* of those, that have proven the kit */
#define RECOVER_BYTES_MAX (1ull << 30) /* before it is known whose they are */
#define FETCH_TRIES 5		       /* of who served us and brings nothing */
#define SNAPSHOT_PLAIN (48 * 1024)     /* parts in one chunk, packed */
#define SNAPSHOT_JOBS 4		       /* files being written or looked at */

/* --- clients -------------------------------------------------------------- */
#define CLIENTS_MAX 16
#define CALLS_MAX 64 /* requests of one client that wait for something */
#define REQUEST_DEADLINE_MS 30000
#define UNLOCK_QUEUE_MAX 8
#define UNLOCK_WAIT_MS 60000
#define FRESH_MS 60000	 /* a passphrase given again counts so long */
#define FRESH_FAILURES 3 /* until the delay starts to grow */
#define FRESH_DELAY_MAX_MS 60000
#define PASSPHRASE_MAX 1024
#define KEY_FILE_MAX 4096
#define SLOTS_MAX 8
#define FIDO2_SALT_SIZE 32	  /* of hmac-secret, CTAP 2.1 section 12.5 */
#define FIDO2_RP_MAX 64		  /* bytes of a relying party's name */
#define FIDO2_CREDENTIAL_MAX 1023 /* WebAuthn level 3 section 4 */
#define FIDO2_PIN_MAX 63	  /* CTAP 2.1 section 6.5.1 */
#define FIDO2_KEYS_MAX 8	  /* security keys that are plugged in */
#define IDLE_LOCK_MS (15 * 60 * 1000)
#define QUERY_MAX 512
#define LOAD_ITEMS 1024 /* items that one step may ask to be read */

/* --- passphrases ---------------------------------------------------------- */
#define KDF_MEMORY (64 * 1024 * 1024) /* bytes, Argon2id */
#define KDF_PASSES_MIN 3
#define KDF_PASSES_MAX 64
#define KDF_CALIBRATE_MS 500

/* --- time of things ------------------------------------------------------- */
#define DAY_MS (24ll * 3600 * 1000)
#define SUPERSEDED_KEEP_DAYS 180
#define SUPERSEDED_KEEP_NEWEST 8
#define TRASH_DAYS 90
#define PURGE_DAYS 30

/* --- import --------------------------------------------------------------- */
#define IMPORT_FILE_MAX (64 * 1024 * 1024) /* bytes */
#define IMPORT_LINE_MAX (64 * 1024)
#define IMPORT_ENTRIES_MAX 20000
#define IMPORT_REPORTS_MAX 1000	 /* skipped records, and warnings */
#define ARCHIVE_MEMBERS_MAX 256	 /* files in an archive of zip */
#define MIGRATION_ACCOUNTS 10	 /* that we write in one payload */
#define MIGRATION_BATCH_MAX 1024 /* payloads of one batch */

/* --- pictures of QR codes ------------------------------------------------- */
#define SCAN_FILE_MAX (32 * 1024 * 1024)    /* bytes */
#define SCAN_SIDE_MAX 65500		    /* pixels; what JPEG can say */
#define SCAN_PIXELS_MAX (128 * 1024 * 1024) /* in the file */
#define SCAN_KEPT_MAX (40 * 1024 * 1024)    /* in memory; more are shrunk */
#define SCAN_PASSES_MAX 64		    /* over a progressive JPEG */
#define SCAN_COEFFICIENTS_MAX (160 * 1024 * 1024) /* bytes, JPEG in passes */
#define SCAN_CODES_MAX 256			  /* in one picture */
#define SCAN_TEXT_MAX (16 * 3072) /* bytes of one text, of 16 codes */

/* --- security keys -------------------------------------------------------- */
#define CARD_REPLY_MAX (16 * 1024) /* bytes of one answer, all its pieces */
#define CARD_NAMES_MAX 256	   /* accounts that one key may list */
#define CARD_NAME_MAX 64	   /* bytes, YKOATH: PUT */
#define CARD_ASK_SECONDS 60 /* that a key may take for all we ask of it */

/* --- store ---------------------------------------------------------------- */
#define STORE_MAP_BYTES (4ull << 30)
#define STORE_READERS 16
#define STORE_TABLES 16
#define STORE_FORMAT 1

#endif
