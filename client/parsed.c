#include "client/parsed.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/helper.h"
#include "client/passphrase.h"
#include "client/report.h"

#define READ_SIZE 16384

static void free_item(struct parsed_item *item)
{
	if (item->message)
		fob__import_item__free_unpacked(item->message,
						&item->budget->allocator);
	if (item->budget)
		budget_deinit(item->budget);
	free(item->budget);
}

void parsed_free(struct parsed *parsed)
{
	size_t i;

	for (i = 0; i < parsed->n; i++)
		free_item(&parsed->list[i]);
	free(parsed->list);
	*parsed = (struct parsed){ 0 };
}

static int grow(struct parsed *parsed)
{
	size_t capacity = 2 * parsed->capacity + 16;
	void *list;

	if (parsed->n < parsed->capacity)
		return 0;
	list = realloc(parsed->list, capacity * sizeof(*parsed->list));
	if (!list)
		return -ENOMEM;
	parsed->list = list;
	parsed->capacity = capacity;
	return 0;
}

/* Appends the message; what it owns is freed with all the others. */
static int take(struct parsed *parsed, struct bytes bytes)
{
	struct parsed_item *item;

	if (grow(parsed) != 0)
		return -ENOMEM;
	item = &parsed->list[parsed->n++];
	*item = (struct parsed_item){ 0 };
	item->budget = malloc(sizeof(*item->budget));
	if (!item->budget)
		return -ENOMEM;
	budget_init(item->budget, false);
	item->message = fob__import_item__unpack(&item->budget->allocator,
						 bytes.n, bytes.p);
	if (!item->message)
		return budget_error(item->budget, -EPROTO);
	if (item->message->entry)
		parsed->entries++;
	if (item->message->skipped)
		parsed->skipped++;
	if (item->message->needs_password)
		parsed->needs_password = true;
	if (item->message->format[0])
		snprintf(parsed->format, sizeof(parsed->format), "%s",
			 item->message->format);
	return 0;
}

static int take_all(struct parsed *parsed, struct frame *frame,
		    struct bytes input)
{
	struct bytes message;
	int r;

	while (input.n > 0) {
		r = frame_take(frame, &input, &message);
		if (r == FRAME_ERR_MORE)
			return 0;
		if (r != 0)
			return r < 0 ? r : -EPROTO;
		r = take(parsed, message);
		if (r != 0)
			return r;
	}
	return 0;
}

static int read_messages(int fd, struct parsed *parsed)
{
	uint8_t input[READ_SIZE];
	struct frame frame;
	int r = 0;

	frame_init(&frame, FRAME_MAX);
	while (r == 0) {
		ssize_t n = read(fd, input, sizeof(input));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = -errno;
		if (n <= 0)
			break;
		r = take_all(parsed, &frame,
			     (struct bytes){ input, (size_t)n });
	}
	if (r == 0 && frame_partial(&frame))
		r = -EPROTO;
	sodium_memzero(input, sizeof(input));
	frame_deinit(&frame);
	return r;
}

static const char *error_in(const struct parsed *parsed)
{
	size_t i;

	for (i = 0; i < parsed->n; i++)
		if (parsed->list[i].message &&
		    parsed->list[i].message->error[0])
			return parsed->list[i].message->error;
	return NULL;
}

static bool wrong_password(const struct parsed *parsed)
{
	size_t i;

	for (i = 0; i < parsed->n; i++)
		if (parsed->list[i].message &&
		    parsed->list[i].message->wrong_password)
			return true;
	return false;
}

static int fail_with(struct fob *fob, const struct parsed *parsed, int status,
		     const char *name)
{
	unsigned int told = STATUS_FAILED;

	if (wrong_password(parsed))
		told = STATUS_REFUSED;
	else if (status == STATUS_USAGE)
		told = STATUS_USAGE;
	return fail(fob, told, "%s%s%s", name ? name : "", name ? ": " : "",
		    error_in(parsed));
}

/* name: of the input, for messages, or NULL. */
static int run(struct fob *fob, char **argv, int in, const char *name,
	       struct parsed *ret)
{
	struct helper helper;
	int status, r = helper_start(fob, argv, in, true, &helper);

	if (r != 0)
		return r;
	r = read_messages(helper.out, ret);
	status = helper_wait(&helper);
	if (error_in(ret))
		return fail_with(fob, ret, status, name);
	if (r != 0)
		return fail(fob, STATUS_FAILED, "what %s answers: %s", argv[0],
			    strerror(-r));
	if (status != STATUS_OK && !ret->needs_password)
		return fail(fob, STATUS_FAILED, "%s failed on this input%s%s",
			    argv[0], name ? ": " : "", name ? name : "");
	return 0;
}

/* A descriptor that the helper gets, and the name of it. */
static int lend(const struct passphrase *password, char *ret, size_t size)
{
	int fd = helper_bytes((struct bytes){ password->bytes, password->n });

	if (fd < 0)
		return fd;
	if (fcntl(fd, F_SETFD, 0) != 0) {
		close(fd);
		return -errno;
	}
	snprintf(ret, size, "%d", fd);
	return fd;
}

struct start_with {
	char *option, *format;		   /* format: NULL for neither */
	const struct passphrase *password; /* or NULL */
};

static int start(struct fob *fob, int in, const struct start_with *with,
		 struct parsed *ret)
{
	char name[] = "fob-formats", option_fd[] = "--password-fd", number[16];
	char *argv[6] = { name };
	size_t n = 1;
	int r, fd = -1;

	if (with->format) {
		argv[n++] = with->option;
		argv[n++] = with->format;
	}
	if (with->password) {
		fd = lend(with->password, number, sizeof(number));
		if (fd < 0)
			return fail(fob, STATUS_FAILED, "%s", strerror(-fd));
		argv[n++] = option_fd;
		argv[n++] = number;
	}
	r = run(fob, argv, in, ret->source, ret);
	if (fd >= 0)
		close(fd);
	return r;
}

int parsed_open(struct fob *fob, int in, char *format,
		const struct passphrase *password, struct parsed *ret)
{
	char option[] = "--format";
	struct start_with with = { option, format, password };

	return start(fob, in, &with, ret);
}

int parsed_write(struct fob *fob, int in, char *format,
		 const struct passphrase *password, struct parsed *ret)
{
	char option[] = "--write";
	struct start_with with = { option, format, password };

	return start(fob, in, &with, ret);
}

int parsed_picture(struct fob *fob, const char *name, int in,
		   struct parsed *ret)
{
	char program[] = "fob-scan";
	char *argv[] = { program, NULL };

	return run(fob, argv, in, name, ret);
}

int parsed_read(struct fob *fob, int in, char *format, struct parsed *ret)
{
	int r = parsed_open(fob, in, format, NULL, ret);

	if (r == 0 && ret->needs_password)
		r = fail(fob, STATUS_LOCKED,
			 "it is encrypted: `fob import` opens it");
	return r;
}
