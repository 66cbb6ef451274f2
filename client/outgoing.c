#include "client/outgoing.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/exported.h"
#include "client/report.h"
#include "client/spool.h"

void outgoing_free(struct outgoing *outgoing)
{
	for (size_t i = 0; i < outgoing->n; i++)
		free(outgoing->names[i]);
	free(outgoing->names);
	free(outgoing->ids);
	if (outgoing->fd >= 0)
		close(outgoing->fd);
	*outgoing = (struct outgoing){ .fd = -1 };
}

const char *outgoing_name(const struct outgoing *outgoing, uint64_t position)
{
	return position > 0 && position <= outgoing->n ?
		       outgoing->names[position - 1] :
		       "";
}

static int make_room(struct outgoing *outgoing)
{
	size_t capacity = 2 * outgoing->capacity + 16;
	void *more;

	if (outgoing->n < outgoing->capacity)
		return 0;
	more = realloc(outgoing->names, capacity * sizeof(*outgoing->names));
	if (!more)
		return -ENOMEM;
	outgoing->names = more;
	more = realloc(outgoing->ids, capacity * sizeof(*outgoing->ids));
	if (!more)
		return -ENOMEM;
	outgoing->ids = more;
	outgoing->capacity = capacity;
	return 0;
}

static int keep_name(struct outgoing *outgoing, const Fob__Account *account)
{
	char name[ACCOUNT_NAME_SIZE];

	if (make_room(outgoing) < 0)
		return -ENOMEM;
	if (account->id.len != RECORD_ID_SIZE)
		return -EPROTO;
	memcpy(outgoing->ids[outgoing->n], account->id.data, RECORD_ID_SIZE);
	account_name(name, account);
	outgoing->names[outgoing->n] = strdup(name);
	if (!outgoing->names[outgoing->n])
		return -ENOMEM;
	outgoing->n++;
	return 0;
}

static int write_entry(int fd, const Fob__NewEntry *entry)
{
	uint8_t buffer[FRAME_HEADER + FRAME_MAX];
	size_t n = fob__new_entry__get_packed_size(entry);
	int r;

	if (n == 0 || n > FRAME_MAX)
		return -EMSGSIZE;
	frame_header(buffer, n);
	fob__new_entry__pack(entry, buffer + FRAME_HEADER);
	r = spool_write(fd, (struct bytes){ buffer, FRAME_HEADER + n });
	sodium_memzero(buffer, FRAME_HEADER + n);
	return r;
}

/* The account with one of its seeds; the texts stay those of shown. */
static int put(struct outgoing *outgoing, const Fob__Shown *shown,
	       Fob__OtpValue *otp)
{
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT;
	char group[] = "-";
	int r = keep_name(outgoing, shown->account);

	entry.issuer = shown->account->issuer;
	entry.account = shown->account->account;
	/* A message of nothing at all would be no message. */
	entry.group = group;
	entry.fields = shown->fields;
	entry.n_fields = shown->n_fields;
	entry.otp = otp;
	return r ? r : write_entry(outgoing->fd, &entry);
}

static int put_all(struct fob *fob, struct outgoing *outgoing,
		   const Fob__Shown *shown)
{
	int r = 0;

	if (shown->n_otp == 0)
		r = put(outgoing, shown, NULL);
	for (size_t i = 0; r == 0 && i < shown->n_otp; i++)
		r = put(outgoing, shown, shown->otp[i]);
	if (r == 0 && shown->n_otp > 1)
		warn(fob, "%s has several live seeds: each becomes an account",
		     outgoing_name(outgoing, outgoing->n));
	if (r < 0)
		return fail(fob, STATUS_FAILED, "%s", strerror(-r));
	return 0;
}

static int fetch(struct fob *fob, const Fob__Account *account, size_t total,
		 struct outgoing *outgoing)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ShowAsk show = FOB__SHOW_ASK__INIT;
	char id[ACCOUNT_ID_SIZE];
	const Fob__Shown *shown;
	int r;

	account_id(id, account->id);
	show.query = id;
	show.export = true;
	show.exported = total;
	request.show = &show;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	shown = answers.list[0].reply->shown;
	if (!shown || !shown->account || !shown->revealed)
		return fail(fob, STATUS_FAILED, "the daemon shows nothing");
	return put_all(fob, outgoing, shown);
}

static size_t count(const struct answers *answers)
{
	size_t n = 0;

	for (size_t i = 0; i < answers->n; i++)
		n += answers->list[i].reply->n_accounts;
	return n;
}

static int fetch_all(struct fob *fob, const struct answers *answers,
		     struct outgoing *outgoing)
{
	size_t total = count(answers);
	int r = 0;

	for (size_t i = 0; r == 0 && i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (size_t k = 0; r == 0 && k < reply->n_accounts; k++)
			r = fetch(fob, reply->accounts[k], total, outgoing);
	}
	return r;
}

static int begin(struct fob *fob, struct outgoing *outgoing)
{
	outgoing->fd = memfd_create("export", MFD_CLOEXEC);
	return outgoing->fd >= 0 ?
		       0 :
		       fail(fob, STATUS_FAILED, "%s", strerror(errno));
}

static int rewound(struct fob *fob, struct outgoing *outgoing)
{
	int r = spool_rewind(outgoing->fd);

	return r < 0 ? fail(fob, STATUS_FAILED, "%s", strerror(-r)) : 0;
}

int outgoing_one(struct fob *fob, const Fob__Shown *shown,
		 struct outgoing *outgoing)
{
	int r = begin(fob, outgoing);

	if (r == 0)
		r = put_all(fob, outgoing, shown);
	return r ? r : rewound(fob, outgoing);
}

int outgoing_collect(struct fob *fob, char *query, struct outgoing *outgoing)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ListAsk list = FOB__LIST_ASK__INIT;
	int r;

	list.query = query;
	request.list = &list;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	if (count(&answers) == 0)
		return fail(fob, STATUS_NOT_FOUND,
			    "there is nothing to export");
	r = begin(fob, outgoing);
	if (r == 0)
		r = fetch_all(fob, &answers, outgoing);
	return r ? r : rewound(fob, outgoing);
}

/* An account with several seeds went out several times, and is noted once. */
static bool again(const struct outgoing *outgoing, size_t i)
{
	return i > 0 && memcmp(outgoing->ids[i], outgoing->ids[i - 1],
			       RECORD_ID_SIZE) == 0;
}

int outgoing_note(struct fob *fob, const struct outgoing *outgoing,
		  char *format, const bool *left_out)
{
	ProtobufCBinaryData ids[LIST_MAX];
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < outgoing->n; i++) {
		if (left_out[i] || (again(outgoing, i) && !left_out[i - 1]))
			continue;
		ids[n++] = (ProtobufCBinaryData){ RECORD_ID_SIZE,
						  outgoing->ids[i] };
		if (n < LIST_MAX)
			continue;
		r = exported_note(fob, ids, n, format);
		n = 0;
	}
	return r == 0 && n > 0 ? exported_note(fob, ids, n, format) : r;
}
