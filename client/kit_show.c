#include "client/kit_show.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/file.h"
#include "client/print.h"
#include "client/prompt.h"
#include "client/report.h"

#define WORDS 24
#define ROWS 6		 /* in which they are shown at a terminal */
#define QUESTIONS 3	 /* words asked back */
#define QUESTION_TRIES 3 /* for each of them */
#define ROOM 512	 /* bytes; the words and their newline are fewer */

void kit_file_drop(struct kit_file *file)
{
	if (file->fd < 0)
		return;
	close(file->fd);
	unlink(file->path);
	file->fd = -1;
}

/*
 * Before anything else, and with room for the words: afterwards a disk that is
 * full would take them away.
 */
int kit_file_open(struct fob *fob, struct kit_file *file, const char *path)
{
	file->path = path;
	file->fd = -1;
	if (!path)
		return 0;
	file->fd = open(path,
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			0600);
	if (file->fd < 0)
		return fail(fob, STATUS_FAILED, "cannot make %s: %s", path,
			    strerror(errno));
	int error = posix_fallocate(file->fd, 0, ROOM);
	if (error) {
		kit_file_drop(file);
		return fail(fob, STATUS_FAILED,
			    "no room for the words in %s: %s; nothing was done",
			    path, strerror(error));
	}
	return 0;
}

int kit_file_write(struct fob *fob, struct kit_file *file, const char *words)
{
	size_t n = strlen(words);
	bool done = write(file->fd, words, n) == (ssize_t)n &&
		    write(file->fd, "\n", 1) == 1 &&
		    ftruncate(file->fd, (off_t)n + 1) == 0 &&
		    fsync(file->fd) == 0;

	close(file->fd);
	file->fd = -1;
	if (!done || file_sync_folder(file->path) != 0)
		return fail(fob, STATUS_FAILED,
			    "the kit could not be written to %s: %s",
			    file->path, strerror(errno));
	note(fob, "The recovery kit is in %s. Put it where no device is.",
	     file->path);
	return 0;
}

static const char *word_at(const char *words, size_t i, size_t *ret_n)
{
	while (i-- > 0)
		words = strchr(words, ' ') + 1;
	*ret_n = strcspn(words, " ");
	return words;
}

void kit_show(struct fob *fob, const char *words)
{
	size_t row, column, n;

	if (!print_terminal(fob)) {
		puts(words);
		return;
	}
	note(fob, "The recovery kit. Write it down; it is shown only now.\n"
		  "Who has it has the vault, and nothing else brings back "
		  "the vault\nwhen all devices are lost.\n");
	for (row = 0; row < ROWS; row++) {
		for (column = 0; column < WORDS / ROWS; column++) {
			size_t i = column * ROWS + row;
			const char *word = word_at(words, i, &n);

			printf("%4zu. %-10.*s", i + 1, (int)n, word);
		}
		putchar('\n');
	}
	fflush(stdout);
}

static bool right_word(const char *words, size_t i)
{
	char question[64], typed[32];
	size_t n;
	const char *word = word_at(words, i, &n);

	snprintf(question, sizeof(question), "Word %zu: ", i + 1);
	if (prompt_line(question, typed, sizeof(typed)) != 0)
		return false;
	return strlen(typed) == n && strncmp(typed, word, n) == 0;
}

bool kit_ask_back(struct fob *fob, const char *words)
{
	size_t i, tries;

	if (fob->yes || !print_terminal(fob) || !prompt_possible())
		return true;
	note(fob, "\nTo be sure, type three of them again.");
	for (i = 0; i < QUESTIONS; i++) {
		size_t third = WORDS / QUESTIONS;
		size_t at = i * third + randombytes_uniform((uint32_t)third);

		for (tries = 0; !right_word(words, at); tries++) {
			if (tries + 1 == QUESTION_TRIES) {
				warn(fob, "what you have written down is not "
					  "the kit: compare it now");
				return false;
			}
			note(fob, "That is another word.");
		}
	}
	note(fob, "The kit is right.");
	return true;
}
