#include "client/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/prompt.h"
#include "client/report.h"

void passphrase_free(struct passphrase **passphrase)
{
	secret_free(*passphrase);
	*passphrase = NULL;
}

void key_file_free(struct key_file **key_file)
{
	secret_free(*key_file);
	*key_file = NULL;
}

void passphrase_forget(struct fob *fob)
{
	passphrase_free(&fob->passphrase);
}

static const char *file_source(const struct fob *fob)
{
	const char *file = fob->passphrase_file;

	if (!file)
		file = getenv("FOB_PASSPHRASE_FILE");
	return file && file[0] ? file : NULL;
}

bool passphrase_typed(const struct fob *fob)
{
	return !fob->passphrase_fd.set && !file_source(fob);
}

/* Reads up to size bytes, or to the end. */
static int read_all(int fd, uint8_t *ret, size_t size, size_t *ret_n)
{
	size_t at = 0;

	while (at < size) {
		ssize_t n = read(fd, ret + at, size - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		at += (size_t)n;
	}
	*ret_n = at;
	return 0;
}

/*
 * The same, up to the end of a line. What follows in a pipe is somebody
 * else's, and may never come.
 */
static int read_line(int fd, uint8_t *ret, size_t size, size_t *ret_n)
{
	size_t at = 0, n = 1;
	int r = 0;

	while (r == 0 && n > 0 && at < size) {
		r = read_all(fd, ret + at, 1, &n);
		if (r == 0 && n > 0 && ret[at++] == '\n')
			break;
	}
	*ret_n = at;
	return r;
}

/* The first line, without its end, which may be CR LF. */
static int first_line(struct fob *fob, int fd, const char *name,
		      struct passphrase *ret)
{
	size_t room = sizeof(ret->bytes) + 2, n = 0, end;
	uint8_t *buffer AUTO_SECRET = secret_alloc(room);
	const uint8_t *newline;
	int r;

	if (!buffer)
		return fail(fob, STATUS_FAILED, "no memory for secrets");
	r = read_line(fd, buffer, room, &n);
	if (r < 0)
		return fail(fob, STATUS_LOCKED, "cannot read %s: %s", name,
			    strerror(-r));
	newline = n > 0 ? memchr(buffer, '\n', n) : NULL;
	end = newline ? (size_t)(newline - buffer) : n;
	if (end > 0 && buffer[end - 1] == '\r')
		end--;
	if (end == 0)
		return fail(fob, STATUS_LOCKED, "%s holds no passphrase", name);
	if (end > sizeof(ret->bytes))
		return fail(fob, STATUS_LOCKED,
			    "the passphrase in %s is longer than %d bytes",
			    name, PASSPHRASE_MAX);
	memcpy(ret->bytes, buffer, end);
	ret->n = end;
	return 0;
}

/* Ours alone, and a plain file: nobody else could have put it there. */
static int check_file(struct fob *fob, int fd, const char *path,
		      enum status status)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return fail(fob, status, "%s is no regular file", path);
	if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return fail(fob, status,
			    "%s can be read by others: chmod 600 it, "
			    "and own it",
			    path);
	return 0;
}

/* status: that of a file which is not as it should be. */
static int open_checked(struct fob *fob, const char *path, enum status status,
			int *ret_fd)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int r;

	if (fd < 0)
		return fail(fob, status, "cannot open %s: %s", path,
			    errno == ELOOP ? "it is a symbolic link" :
					     strerror(errno));
	r = check_file(fob, fd, path, status);
	if (r != 0)
		close(fd);
	else
		*ret_fd = fd;
	return r;
}

static int from_file(struct fob *fob, const char *path, struct passphrase *ret)
{
	int fd, r;

	r = open_checked(fob, path, STATUS_LOCKED, &fd);
	if (r != 0)
		return r;
	r = first_line(fob, fd, path, ret);
	close(fd);
	return r;
}

static int from_fd(struct fob *fob, struct passphrase *ret)
{
	if (fob->passphrase_fd.value > INT32_MAX)
		return fail(fob, STATUS_USAGE, "no such descriptor");
	return first_line(fob, (int)fob->passphrase_fd.value, "--passphrase-fd",
			  ret);
}

static int from_terminal(struct fob *fob, const char *question,
			 struct passphrase *ret)
{
	int r = prompt_secret(question, ret->bytes, sizeof(ret->bytes),
			      &ret->n);

	if (r == PROMPT_ERR_TERMINAL)
		return fail(fob, STATUS_LOCKED,
			    "a passphrase is needed and there is no terminal: "
			    "give --passphrase-file FILE");
	if (r == PROMPT_ERR_LONG)
		return fail(fob, STATUS_USAGE,
			    "a passphrase has at most %d bytes",
			    PASSPHRASE_MAX);
	if (r != 0)
		return fail(fob, STATUS_LOCKED, "no passphrase was given");
	return 0;
}

static int make(struct fob *fob, struct passphrase **ret)
{
	*ret = secret_alloc(sizeof(**ret));
	if (!*ret)
		return fail(fob, STATUS_FAILED, "no memory for secrets");
	return 0;
}

static int from_source(struct fob *fob, const char *question,
		       struct passphrase *ret)
{
	if (fob->passphrase_fd.set)
		return from_fd(fob, ret);
	if (file_source(fob))
		return from_file(fob, file_source(fob), ret);
	return from_terminal(fob, question, ret);
}

int passphrase_or_empty(struct fob *fob, const char *question, bool *ret_empty)
{
	struct passphrase *passphrase AUTO_PASSPHRASE = NULL;
	int r;

	*ret_empty = false;
	if (fob->passphrase)
		return 0;
	r = make(fob, &passphrase);
	if (r == 0)
		r = from_source(fob, question, passphrase);
	if (r != 0)
		return r;
	*ret_empty = passphrase->n == 0;
	if (*ret_empty)
		return 0;
	fob->passphrase = passphrase;
	passphrase = NULL;
	return 0;
}

int passphrase_get(struct fob *fob, const char *question)
{
	bool empty;
	int r = passphrase_or_empty(fob, question, &empty);

	if (r == 0 && empty)
		r = fail(fob, STATUS_LOCKED, "no passphrase was given");
	return r;
}

/* Twice, because what is mistyped here cannot be found out later. */
static int typed_twice(struct fob *fob, bool may_be_empty,
		       struct passphrase *ret)
{
	struct passphrase *again AUTO_PASSPHRASE = NULL;
	int r = make(fob, &again);

	if (r == 0)
		r = from_terminal(fob,
				  may_be_empty ?
					  "New passphrase (empty: none): " :
					  "New passphrase: ",
				  ret);
	if (r == 0 && ret->n == 0)
		return may_be_empty ? 0 :
				      fail(fob, STATUS_USAGE,
					   "a passphrase cannot be empty");
	if (r == 0)
		r = from_terminal(fob, "Again: ", again);
	if (r == 0 && (again->n != ret->n ||
		       sodium_memcmp(again->bytes, ret->bytes, ret->n) != 0))
		r = fail(fob, STATUS_USAGE, "the two are not the same");
	return r;
}

int passphrase_new(struct fob *fob, const char *file, bool may_be_empty,
		   struct passphrase **ret)
{
	struct passphrase *passphrase AUTO_PASSPHRASE = NULL;
	int r = make(fob, &passphrase);

	if (r != 0)
		return r;
	if (file)
		r = from_file(fob, file, passphrase);
	else if (passphrase_typed(fob))
		r = typed_twice(fob, may_be_empty, passphrase);
	else
		r = from_source(fob, "", passphrase);
	if (r != 0)
		return r;
	*ret = passphrase;
	passphrase = NULL;
	return 0;
}

int passphrase_other(struct fob *fob, const char *file, const char *question,
		     const char *option, struct passphrase **ret)
{
	struct passphrase *passphrase AUTO_PASSPHRASE = NULL;
	int r = make(fob, &passphrase);

	if (r != 0)
		return r;
	if (!file && !prompt_possible())
		return fail(fob, STATUS_LOCKED,
			    "a password is needed and there is no terminal: "
			    "give %s FILE",
			    option);
	if (file)
		r = from_file(fob, file, passphrase);
	else
		r = from_terminal(fob, question, passphrase);
	if (r != 0)
		return r;
	*ret = passphrase;
	passphrase = NULL;
	return 0;
}

int passphrase_other_new(struct fob *fob, const char *file, const char *option,
			 struct passphrase **ret)
{
	struct passphrase *again AUTO_PASSPHRASE = NULL;
	struct passphrase *first AUTO_PASSPHRASE = NULL;
	int r = passphrase_other(fob, file,
				 "New password of the file: ", option, &first);

	if (r == 0 && first->n == 0)
		r = fail(fob, STATUS_USAGE, "the password is empty");
	if (r == 0 && !file)
		r = passphrase_other(fob, NULL, "Again: ", option, &again);
	if (r == 0 && again &&
	    (again->n != first->n ||
	     sodium_memcmp(again->bytes, first->bytes, first->n) != 0))
		r = fail(fob, STATUS_USAGE, "the two are not the same");
	if (r != 0)
		return r;
	*ret = first;
	first = NULL;
	return 0;
}

int key_file_read(struct fob *fob, const char *path, struct key_file **ret)
{
	struct key_file *key AUTO_KEY_FILE = secret_alloc(sizeof(*key));
	int fd, r;

	if (!key)
		return fail(fob, STATUS_FAILED, "no memory for secrets");
	/* Not locked: it is the file that failed. */
	r = open_checked(fob, path, STATUS_FAILED, &fd);
	if (r != 0)
		return r;
	r = read_all(fd, key->bytes, sizeof(key->bytes), &key->n);
	close(fd);
	if (r < 0)
		return fail(fob, STATUS_FAILED, "cannot read %s: %s", path,
			    strerror(-r));
	if (key->n == 0 || key->n > KEY_FILE_MAX)
		return fail(fob, STATUS_USAGE, "%s has not 1 to %d bytes", path,
			    KEY_FILE_MAX);
	*ret = key;
	key = NULL;
	return 0;
}

/* --- both ------------------------------------------------------------------ */

void opener_free(struct opener *opener)
{
	passphrase_free(&opener->passphrase);
	key_file_free(&opener->key);
}

int opener_new(struct fob *fob, const char *file, struct opener *ret)
{
	int r = 0;

	if (fob->key_file) {
		r = key_file_read(fob, fob->key_file, &ret->key);
		if (r != 0)
			return r;
		ret->key_data =
			(ProtobufCBinaryData){ ret->key->n, ret->key->bytes };
		if (!file && passphrase_typed(fob) && !prompt_possible())
			return 0;
	}
	r = passphrase_new(fob, file, fob->key_file != NULL, &ret->passphrase);
	if (r != 0)
		return r;
	ret->passphrase_data = (ProtobufCBinaryData){ ret->passphrase->n,
						      ret->passphrase->bytes };
	return 0;
}
