/*
 * A configuration file of any bytes, and arguments, one a line, before a NUL.
 * What is wrong is said in words; what is taken is complete.
 *
 * Covers: config
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/host/config.h"
#include "tests/fuzz/scarce.h"

#define ARGUMENTS_MAX 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "/tmp/fob-fuzz-config.XXXXXX";
static char program[] = "fobd", option[] = "--config";

static void forget(void)
{
	unlink(path);
}

/* One for the process. */
static void write_file(struct bytes content)
{
	static int fd = -1;

	if (fd < 0) {
		fd = mkstemp(path);
		REQUIRE(fd >= 0 && atexit(forget) == 0);
	}
	REQUIRE(ftruncate(fd, 0) == 0);
	REQUIRE(content.n == 0 ||
		pwrite(fd, content.p, content.n, 0) == (ssize_t)content.n);
}

static void says(const struct config *config, int r)
{
	REQUIRE(r == 0 || r == CONFIG_ERR_WRONG);
	REQUIRE(r == 0 || config->message[0]);
	REQUIRE(memchr(config->message, 0, sizeof(config->message)));
	REQUIRE(config->n_listen <= CONFIG_LISTEN_MAX);
}

static void read_both(int argc, char **argv)
{
	static struct config config, again;
	int r;

	config_init(&config);
	r = config_arguments(&config, argc, argv);
	says(&config, r);
	if (r == 0) {
		r = config_read(&config);
		REQUIRE(r >= 0 || r == -ENOENT || r == -EACCES ||
			strcmp(config.file, path) != 0);
		if (r < 0)
			return;
		says(&config, r);
	}
	if (r == 0) {
		r = config_defaults(&config);
		says(&config, r);
		REQUIRE(r != 0 || (config.vault[0] && config.socket[0]));
		(void)config_again(&config, &again);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
	size_t n = nul ? (size_t)(nul - data) : 0;
	AUTO_FREE char *text = malloc(n + 1);
	char *argv[ARGUMENTS_MAX + 4] = { program, option, path };
	char *next = text;
	int argc = 3;

	REQUIRE(text);
	memcpy(text, data ? (const char *)data : "", n);
	text[n] = '\0';
	write_file(nul ? (struct bytes){ nul + 1, size - n - 1 } :
			 (struct bytes){ data, size });
	while (n > 0 && argc < ARGUMENTS_MAX && next) {
		char *end = strchr(next, '\n');

		if (end)
			*end++ = '\0';
		argv[argc++] = next;
		next = end;
	}
	read_both(argc, argv);
	return 0;
}
