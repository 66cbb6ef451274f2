/*
 * What clients may ask, as data: who handles it and what it needs first.
 * Field numbers are those of message Request in proto/local.proto.
 */
#include "daemon/core/state.h"

static const struct request requests[] = {
	{ "hello", ask_hello, .vault = false },
	{ "status", ask_status, .vault = false },
	{ "init", ask_init, .vault = false },
	{ "unlock", ask_unlock, .vault = false },
	{ "lock", ask_lock, .vault = true },
	{ "confirm", ask_confirm, .vault = true, .unlocked = true },
	{ "slots", ask_slots, .vault = true },
	{ "add", ask_add, .vault = true, .unlocked = true, .index = true,
	  .write = true, .use = true },
	{ "list", ask_list, .vault = true, .unlocked = true, .index = true,
	  .use = true },
	{ "show", ask_show, .vault = true, .unlocked = true, .index = true,
	  .use = true },
	{ "code", ask_code, .vault = true, .unlocked = true, .index = true,
	  .use = true },
	{ "edit", ask_edit, .vault = true, .unlocked = true, .index = true,
	  .write = true, .use = true },
	{ "remove", ask_remove, .vault = true, .unlocked = true, .index = true,
	  .write = true, .use = true },
	{ "trash", ask_trash, .vault = true, .unlocked = true, .index = true,
	  .write = true, .use = true },
	{ "history", ask_history, .vault = true, .unlocked = true,
	  .index = true, .use = true },
	{ "revert", ask_revert, .vault = true, .unlocked = true, .index = true,
	  .write = true, .use = true },
	{ "resolve", ask_resolve, .vault = true, .unlocked = true,
	  .index = true, .write = true, .use = true },
	{ "invite", ask_invite, .vault = true, .unlocked = true, .write = true,
	  .use = true, .confirm = FOB__CONFIRM__CONFIRM_INVITE },
	{ "approve", ask_approve, .vault = true, .unlocked = true },
	{ "join", ask_join, .vault = false },
	{ "devices", ask_devices, .vault = true },
	{ "rename", ask_rename, .vault = true, .unlocked = true,
	  .write = true },
	{ "peer", ask_peer, .vault = true },
	{ "sync", ask_sync, .vault = true },
	{ "wait", ask_wait, .vault = true },
	{ "events", ask_events, .vault = false },
	{ "revoke", ask_revoke, .vault = true, .unlocked = true, .index = true,
	  .keeper = true, .use = true,
	  .confirm = FOB__CONFIRM__CONFIRM_REVOKE },
	{ "lift", ask_lift, .vault = true, .unlocked = true, .write = true,
	  .use = true, .confirm = FOB__CONFIRM__CONFIRM_REVOKE },
	{ "rotate", ask_rotate, .vault = true, .unlocked = true, .index = true,
	  .write = true, .use = true },
	{ "kit", ask_kit, .vault = true, .write = true },
	{ "snapshot", ask_snapshot, .vault = false },
	{ "recover", ask_recover, .vault = false },
	{ "quarantine", ask_quarantine, .vault = true, .unlocked = true,
	  .use = true },
	{ "doctor", ask_doctor, .vault = true, .unlocked = true,
	  .index = true },
	{ "backup", ask_backup, .vault = true, .unlocked = true, .index = true,
	  .use = true },
	{ "purge", ask_purge, .vault = true, .unlocked = true, .index = true,
	  .write = true, .use = true, .confirm = FOB__CONFIRM__CONFIRM_PURGE },
	{ "group", ask_group, .vault = true, .unlocked = true, .index = true,
	  .use = true },
	{ "log", ask_log, .vault = true, .unlocked = true, .index = true },
	{ "apart", ask_apart, .vault = true, .unlocked = true, .index = true,
	  .use = true },
	{ "exported", ask_exported, .vault = true, .unlocked = true,
	  .index = true, .write = true, .use = true },
	{ "migrate", ask_migrate, .vault = true, .unlocked = true,
	  .index = true, .use = true,
	  .confirm = FOB__CONFIRM__CONFIRM_RECOVERY },
	{ "reset", ask_reset, .vault = true },
	{ "vouch", ask_vouch, .vault = true, .unlocked = true, .write = true,
	  .use = true, .confirm = FOB__CONFIRM__CONFIRM_VOUCH },
};

/* In the order of the table above. */
static const struct request *request_list(const Fob__Request *r)
{
	const void *const set[] = {
		r->hello,    r->status,	 r->init,	r->unlock,  r->lock,
		r->confirm,  r->slots,	 r->add,	r->list,    r->show,
		r->code,     r->edit,	 r->remove,	r->trash,   r->history,
		r->revert,   r->resolve, r->invite,	r->approve, r->join,
		r->devices,  r->rename,	 r->peer,	r->sync,    r->wait,
		r->events,   r->revoke,	 r->lift,	r->rotate,  r->kit,
		r->snapshot, r->recover, r->quarantine, r->doctor,  r->backup,
		r->purge,    r->group,	 r->log,	r->apart,   r->exported,
		r->migrate,  r->reset,	 r->vouch,
	};
	const struct request *found = NULL;

	_Static_assert(ARRAY_SIZE(set) == ARRAY_SIZE(requests), "one each");
	for (size_t i = 0; i < ARRAY_SIZE(set); i++)
		if (set[i] && found)
			return NULL; /* two at once mean nothing */
		else if (set[i])
			found = &requests[i];
	return found;
}

const struct request *request_of(const Fob__Request *request)
{
	return request_list(request);
}
