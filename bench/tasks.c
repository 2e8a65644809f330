// SPDX-License-Identifier: GPL-2.0
/* tasks N: so many threads, each of which has slept once; says so, and sleeps. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *thread(void *arg)
{
	usleep(1);
	pause();
	return arg;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 0;
	pthread_attr_t attr;
	pthread_t id;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	while (n--) {
		int err = pthread_create(&id, &attr, thread, NULL);

		if (err) {
			fprintf(stderr, "tasks: error %d with %ld to go\n", err, n + 1);
			return 1;
		}
	}
	puts("asleep");
	fflush(stdout);
	pause();
	return 0;
}
