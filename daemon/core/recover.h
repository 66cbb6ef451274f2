/*
 * Getting a vault back: the kit, snapshots, and what an empty node gathers
 * until it becomes a device of the vault again.
 *
 * While a recovery gathers, nothing that it stores leaves the step: rows wait
 * in memory, and become effects, in one step with the new device, when all is
 * there. A recovery that fails or is given up leaves an empty node behind.
 */
#ifndef FOB_CORE_RECOVER_H
#define FOB_CORE_RECOVER_H

#include "daemon/core/peer/rescue.h"
#include "daemon/core/snapshot.h"
#include "daemon/core/state.h"

/* --- ask_kit.c --- */
/* The kit was proven now: kept, and told to others. */
void kit_drilled(struct step *step);
void kit_drill_row(struct node *node, struct bytes row);
/* The RECOVERY that took the place of this kit, or NULL. */
const struct item *kit_replaced(const struct node *node, const struct kit *kit);

/* --- ask_snapshot.c: a file on its way to a client, or from it --- */
struct snapshot_job {
	struct snapshot_job *next;
	uint32_t conn;
	/* Being made: what is still to be written, in order. */
	uint32_t *items; /* owned */
	size_t n_items, done, batch;
	uint32_t status; /* the next author whose status is written */
	uint8_t *made;	 /* packed Status of ours, owned */
	size_t made_len;
	struct snapshot_writer *writer; /* secret memory, owned */
	/* Being looked at. */
	struct snapshot_reader *reader; /* secret memory, owned */
	struct set set;			/* of what is in it */
	bool has_set, has_made;
	struct snapshot_made made_by;
	uint64_t blobs;
};
void snapshot_client_gone(struct node *node, uint32_t conn);
void snapshot_free_all(struct node *node);
/* Of a status in a file: is it genuine? For this set. */
bool snapshot_status(const struct set *set, struct bytes packed,
		     struct snapshot_made *ret);

/* --- rescue.c: connections with the first byte 3 --- */
struct rescue_line {
	uint32_t conn; /* 0: free */
	bool dialed;
	bool ready;
	uint64_t since;		/* mono ms */
	struct rescue *machine; /* secret memory, owned */
};
struct rescue_lines {
	struct rescue_line list[RESCUE_LINES];
};

/* --- recover.c --- */
enum fetch_stage {
	FETCH_NONE,
	FETCH_DIALS,
	FETCH_GREETS, /* connected; nothing has come back yet */
	FETCH_SYNCS,
	FETCH_DONE,
	FETCH_FAILED,
};

struct recover {
	uint32_t client; /* connection */
	struct kit kit;
	bool gone; /* it is given up: forget all at the end of the step */
	bool made; /* it is done: the rows go out with this step */
	struct effects held;
	uint64_t bytes;			/* in held */
	struct snapshot_reader *reader; /* the file at hand; secret memory */
	bool file_made;			/* its last part was there */
	uint8_t *statuses[LIST_MAX];	/* owned; whose they are shows later */
	size_t status_len[LIST_MAX];
	size_t n_statuses;
	enum fetch_stage fetch;
	uint32_t fetch_conn;
	char address[64];
	uint8_t server[KEY_SIZE]; /* its transport key */
	uint64_t told;		  /* mono ms: progress */
	bool unequal;		  /* one did not give all it announced */
	enum status status;	  /* of FAILED */
	char why[256];
	/* Who served us, and where. */
	uint32_t servers[ADDRESSES_MAX]; /* authors */
	char server_address[ADDRESSES_MAX][64];
	size_t n_servers;
};

/* A status that came, kept until its device is known. 0 or -ENOMEM. */
int recover_status(struct step *step, struct bytes packed);
/* The connection of FETCH: what became of it. */
void recover_connected(struct step *step);
int recover_proven(struct step *step, const struct rescue_line *line,
		   const struct rescue_event *event);
void recover_down(struct step *step, bool came_up);
void recover_client_gone(struct node *node, uint32_t conn);
void recover_free(struct node *node);

#endif
