/*
 * The simulator: stories with golden traces, and swarms of random ones.
 *
 *	sim				all stories, and a small swarm
 *	sim STORY... [--trace]		these only; with the trace on stdout
 *	sim --list
 *	sim --update [STORY...]		writes the golden traces anew
 *	sim --seeds N [--from S]	N random worlds
 *	sim --seed S [--trace]		that one
 *
 * Runs in the top folder of the project. Every story is told twice, and the
 * traces must be equal, to each other and to the golden one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/story.h"

#define GOLDEN "tests/sim/golden"
#define SWARM_DEFAULT 60
/* With FOB_LONG set, by tests/check --long, which gives a program 300 s. */
#ifdef FOB_SANITIZED
#define SWARM_LONG 300
#else
#define SWARM_LONG 1000
#endif
#define STORY_SEED 1

struct options {
	bool list, update, trace, swarm;
	uint64_t seeds, from;
	char **names;
	int n_names;
};

/* --- stories ----------------------------------------------------------------- */

static const struct story *const lists[] = { stories_sync,    stories_merge,
					     stories_members, stories_trouble,
					     stories_bytes,   stories_recover,
					     stories_loss };

static const struct story *find_story(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (const struct story *s = lists[i]; s->name; s++)
			if (!strcmp(s->name, name))
				return s;
	return NULL;
}

/* The trace, owned by the caller. */
static char *tell(const struct story *story, bool echo)
{
	struct world *world = malloc(sizeof(*world));
	char *trace;

	REQUIRE(world);
	world_init(world, STORY_SEED);
	world->echo = echo;
	story->tell(world);
	trace = strdup(world->trace ? world->trace : "");
	REQUIRE(trace);
	world_deinit(world);
	free(world);
	return trace;
}

static char *read_golden(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text;
	size_t n;

	if (!file)
		return NULL;
	fseek(file, 0, SEEK_END);
	n = (size_t)ftell(file);
	rewind(file);
	text = calloc(n + 1, 1);
	REQUIRE(text && fread(text, 1, n, file) == n);
	fclose(file);
	return text;
}

static int write_golden(const char *path, const char *trace)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(trace, file) < 0 || fclose(file) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	return 0;
}

/* Where two traces part: the line of each. */
static void show_difference(const char *was, const char *is)
{
	unsigned line = 1;
	size_t start = 0;

	for (size_t i = 0; was[i] && was[i] == is[i]; i++)
		if (was[i] == '\n') {
			line++;
			start = i + 1;
		}
	printf("line %u was: %.*s\nline %u is:  %.*s\n", line,
	       (int)strcspn(was + start, "\n"), was + start, line,
	       (int)strcspn(is + start, "\n"), is + start);
}

static int judge(const struct story *story, const char *first,
		 const char *second, bool update)
{
	char path[256];
	AUTO_FREE char *golden = NULL;

	snprintf(path, sizeof(path), GOLDEN "/%s.trace", story->name);
	if (strcmp(first, second) != 0) {
		printf("%s: two runs differ\n", story->name);
		show_difference(first, second);
		return 1;
	}
	if (update)
		return write_golden(path, first);
	golden = read_golden(path);
	if (!golden) {
		printf("%s: no golden trace; look at sim %s --trace, then "
		       "write it with --update\n",
		       story->name, story->name);
		return 1;
	}
	if (strcmp(golden, first) != 0) {
		printf("%s: the trace has changed (sim --update %s writes "
		       "it)\n",
		       story->name, story->name);
		show_difference(golden, first);
		return 1;
	}
	return 0;
}

static int tell_twice(const struct story *story, const struct options *options)
{
	AUTO_FREE char *first = tell(story, options->trace);
	AUTO_FREE char *second = NULL;

	if (options->trace)
		return 0;
	second = tell(story, false);
	return judge(story, first, second, options->update);
}

/* --- each in a process of its own --------------------------------------------- */

static int in_child(int (*run)(const void *what, const struct options *options),
		    const void *what, const struct options *options)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		int r = run(what, options);

		fflush(stdout);
		exit(r); /* the leak checker looks now */
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int run_story(const void *what, const struct options *options)
{
	return tell_twice(what, options);
}

static int one_story(const struct story *story, const struct options *options)
{
	int r = in_child(run_story, story, options);

	printf("%-24s %s\n", story->name, r ? "FAILED" : "ok");
	return r;
}

static int all_stories(const struct options *options)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (const struct story *s = lists[i]; s->name; s++)
			failed += one_story(s, options) != 0;
	return failed;
}

static int named_stories(const struct options *options)
{
	int failed = 0;

	for (int i = 0; i < options->n_names; i++) {
		const struct story *story = find_story(options->names[i]);

		if (!story) {
			fprintf(stderr, "no story of the name %s\n",
				options->names[i]);
			failed++;
			continue;
		}
		failed += one_story(story, options) != 0;
	}
	return failed;
}

/* --- swarms --------------------------------------------------------------------- */

static int run_swarm(const void *what, const struct options *options)
{
	const uint64_t *seed = what;
	struct world *world = malloc(sizeof(*world));

	REQUIRE(world);
	world_init(world, *seed);
	world->echo = options->trace;
	world->quiet = !options->trace;
	swarm_run(world);
	world_deinit(world);
	free(world);
	return 0;
}

static int swarm(const struct options *options)
{
	int failed = 0;

	for (uint64_t i = 0; i < options->seeds; i++) {
		uint64_t seed = options->from + i;

		if (!in_child(run_swarm, &seed, options))
			continue;
		printf("seed %llu FAILED: sim --seed %llu --trace\n",
		       (unsigned long long)seed, (unsigned long long)seed);
		failed++;
	}
	printf("%llu random worlds, %d failed\n",
	       (unsigned long long)options->seeds, failed);
	return failed;
}

/* --- the command line -------------------------------------------------------------- */

static int usage(void)
{
	fputs("usage: sim [--list] [--update] [--trace] [STORY...]\n"
	      "       sim --seeds N [--from S]\n"
	      "       sim --seed S [--trace]\n",
	      stderr);
	return 2;
}

static bool number(char **argv, int argc, int *at, uint64_t *ret)
{
	char *end;

	if (*at + 1 >= argc)
		return false;
	*ret = strtoull(argv[++*at], &end, 10);
	return end != argv[*at] && !*end;
}

static bool parse(int argc, char **argv, struct options *ret)
{
	bool good = true;

	for (int i = 1; i < argc && good; i++) {
		if (!strcmp(argv[i], "--list")) {
			ret->list = true;
		} else if (!strcmp(argv[i], "--update")) {
			ret->update = true;
		} else if (!strcmp(argv[i], "--trace")) {
			ret->trace = true;
		} else if (!strcmp(argv[i], "--seeds")) {
			good = number(argv, argc, &i, &ret->seeds);
			ret->swarm = true;
		} else if (!strcmp(argv[i], "--from")) {
			good = number(argv, argc, &i, &ret->from);
		} else if (!strcmp(argv[i], "--seed")) {
			good = number(argv, argc, &i, &ret->from);
			ret->seeds = 1;
			ret->swarm = true;
		} else if (argv[i][0] == '-') {
			good = false;
		} else {
			ret->names[ret->n_names++] = argv[i];
		}
	}
	return good;
}

static bool long_run(void)
{
	const char *text = getenv("FOB_LONG");

	return text && text[0];
}

static int run(struct options *options)
{
	int failed;

	if (options->list) {
		for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
			for (const struct story *s = lists[i]; s->name; s++)
				puts(s->name);
		return 0;
	}
	if (options->swarm)
		return swarm(options);
	if (options->n_names)
		return named_stories(options);
	failed = all_stories(options);
	options->seeds = long_run() ? SWARM_LONG : SWARM_DEFAULT;
	if (!options->update)
		failed += swarm(options);
	return failed;
}

int main(int argc, char **argv)
{
	struct options options = { .from = 1 };
	int r;

	options.names = calloc((size_t)argc + 1, sizeof(*options.names));
	REQUIRE(options.names);
	r = parse(argc, argv, &options) ? run(&options) : usage();
	free(options.names);
	return r ? (r == 2 ? 2 : 1) : 0;
}
