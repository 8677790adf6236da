/* SPDX-License-Identifier: MIT */
/* Words that a variable of a C program had better not be called. */
#include "lang/program-part.h"

#include <string.h>

/*
 * Keywords, the lower-case macros of the headers, the functions that the headers declare, and those that compilers know
 * without a header (glibc 2.36, gcc 12).  A variable of the whole program cannot have such a name.
 */
static const char *const words[] = {
	" ACCESSPERMS ALLPERMS BUFSIZ CBRK CDSUSP CEOF CEOL CERASE CFLUSH CINTR CKILL CMIN CMPLX CQUIT CREPRINT CRPRNT ",
	" CSTART CSTATUS CSTOP CSUSP CTIME CTRL CWERASE DEFFILEMODE EOF FAPPEND FASYNC FFSYNC FNDELAY FNONBLOCK INFINITY ",
	" MAXFLOAT MINSIGSTKSZ NAN NCC NFDBITS NGREG NSIG SHMLBA SNAN WCONTINUED WEOF WEXITED WNOHANG WNOWAIT WSTOPPED ",
	" WUNTRACED ",
	" a64l abort abs access acct acos acosf acosh acoshf acoshl acosl alarm alignas aligned_alloc alignof alloca ",
	" arc4random arc4random_buf arc4random_uniform asctime asctime_r asin asinf asinh asinhf asinhl asinl asm ",
	" asprintf at_quick_exit atan atan2 atan2f atan2l atanf atanh atanhf atanhl atanl atexit atof atoi atol atoll ",
	" auto basename bcmp bcopy be16toh be32toh be64toh bool break brk bsearch bzero cabs cabsf cabsl cacos cacosf ",
	" cacosh cacoshf cacoshl cacosl calloc canonicalize canonicalize_file_name canonicalizef canonicalizel carg cargf ",
	" cargl case casin casinf casinh casinhf casinhl casinl catan catanf catanh catanhf catanhl catanl cbrt cbrtf ",
	" cbrtl ccos ccosf ccosh ccoshf ccoshl ccosl ceil ceilf ceill cexp cexpf cexpl char chdir chmod chown chroot ",
	" cimag cimagf cimagl clearenv clearerr clearerr_unlocked clock clock_adjtime clock_getcpuclockid clock_getres ",
	" clock_gettime clock_nanosleep clock_settime clog clog10 clog10f clog10l clogf clogl close close_range closefrom ",
	" complex confstr conj conjf conjl const constexpr continue copy_file_range copysign copysignf copysignl cos cosf ",
	" cosh coshf coshl cosl cpow cpowf cpowl cproj cprojf cprojl creal crealf creall creat crypt csin csinf csinh ",
	" csinhf csinhl csinl csqrt csqrtf csqrtl ctan ctanf ctanh ctanhf ctanhl ctanl ctermid ctime ctime_r cuserid ",
	" daddl daemon daylight ddivl default dfmal difftime div dmull do double dprintf drand48 drand48_r drem dremf ",
	" dreml dsqrtl dsubl dup dup2 dup3 dysize eaccess ecvt ecvt_r edata else end endusershell enum environ erand48 ",
	" erand48_r erf erfc erfcf erfcl erff erfl errno etext euidaccess execl execle execlp execv execve execveat ",
	" execvp execvpe exit exp exp10 exp10f exp10l exp2 exp2f exp2l expf expl explicit_bzero expm1 expm1f expm1l ",
	" extern fabs fabsf fabsl faccessat fadd faddl fallocate false fchdir fchmod fchmodat fchown fchownat fclose ",
	" fcloseall fcntl fcvt fcvt_r fdatasync fdim fdimf fdiml fdiv fdivl fdopen feof feof_unlocked ferror ",
	" ferror_unlocked fexecve fflush fflush_unlocked ffma ffmal ffs ffsl ffsll fgetc fgetc_unlocked fgetpos fgets ",
	" fgets_unlocked fileno fileno_unlocked finite finitef finitel float flockfile floor floorf floorl fma fmaf fmal ",
	" fmax fmaxf fmaximum fmaximum_mag fmaximum_mag_num fmaximum_mag_numf fmaximum_mag_numl fmaximum_magf ",
	" fmaximum_magl fmaximum_num fmaximum_numf fmaximum_numl fmaximumf fmaximuml fmaxl fmaxmag fmaxmagf fmaxmagl ",
	" fmemopen fmin fminf fminimum fminimum_mag fminimum_mag_num fminimum_mag_numf fminimum_mag_numl fminimum_magf ",
	" fminimum_magl fminimum_num fminimum_numf fminimum_numl fminimumf fminimuml fminl fminmag fminmagf fminmagl fmod ",
	" fmodf fmodl fmul fmull fopen fopencookie for fork fortran fpathconf fpclassify fprintf fputc fputc_unlocked ",
	" fputs fputs_unlocked fread fread_unlocked free freopen frexp frexpf frexpl fromfp fromfpf fromfpl fromfpx ",
	" fromfpxf fromfpxl fscanf fseek fseeko fsetpos fsqrt fsqrtl fstat fstatat fstatfs fsub fsubl fsync ftell ftello ",
	" ftok ftruncate ftrylockfile funlockfile futimens fwrite fwrite_unlocked gamma gammaf gammal gcvt ",
	" get_current_dir_name getc getc_unlocked getchar getchar_unlocked getcwd getdate getdate_r getdelim ",
	" getdomainname getdtablesize getegid getentropy getenv geteuid getgid getgroups gethostid gethostname getline ",
	" getloadavg getlogin getlogin_r getopt getpagesize getpass getpayload getpayloadf getpayloadl getpgid getpgrp ",
	" getpid getppid getpriority getpt getresgid getresuid getrlimit getrusage getsid getsubopt gettid getuid ",
	" getumask getusershell getw getwd gmtime gmtime_r goto grantpt group_member gsignal hypot hypotf hypotl i386 if ",
	" ilogb ilogbf ilogbl index initstate initstate_r inline int ioctl isalnum isalnum_l isalpha isalpha_l isascii ",
	" isascii_l isatty isblank isblank_l iscanonical iscntrl iscntrl_l isctype isdigit isdigit_l iseqsig isfinite ",
	" isgraph isgraph_l isgreater isgreaterequal isinf isinff isinfl isless islessequal islessgreater islower ",
	" islower_l isnan isnanf isnanl isnormal isprint isprint_l ispunct ispunct_l issignaling isspace isspace_l ",
	" issubnormal isunordered isupper isupper_l iswalnum iswalnum_l iswalpha iswalpha_l iswblank iswblank_l iswcntrl ",
	" iswcntrl_l iswctype iswctype_l iswdigit iswdigit_l iswgraph iswgraph_l iswlower iswlower_l iswprint iswprint_l ",
	" iswpunct iswpunct_l iswspace iswspace_l iswupper iswupper_l iswxdigit iswxdigit_l isxdigit isxdigit_l iszero j0 ",
	" j0f j0l j1 j1f j1l jn jnf jnl jrand48 jrand48_r kill killpg l64a labs lchmod lchown lcong48 lcong48_r ldexp ",
	" ldexpf ldexpl ldiv le16toh le32toh le64toh lgamma lgamma_r lgammaf lgammaf128_r lgammaf32_r lgammaf32x_r ",
	" lgammaf64_r lgammaf64x_r lgammaf_r lgammal lgammal_r link linkat linux llabs lldiv llogb llogbf llogbl llrint ",
	" llrintf llrintl llround llroundf llroundl localtime localtime_r lockf log log10 log10f log10l log1p log1pf ",
	" log1pl log2 log2f log2l logb logbf logbl logf logl long longjmp lrand48 lrand48_r lrint lrintf lrintl lround ",
	" lroundf lroundl lseek lstat madvise main malloc math_errhandling mblen mbstowcs mbtowc memccpy memchr memcmp ",
	" memcpy memfd_create memfrob memmem memmove mempcpy memrchr memset mincore mkdir mkdirat mkdtemp mkfifo mkfifoat ",
	" mknod mknodat mkostemp mkostemps mkstemp mkstemps mktemp mktime mlock mlock2 mlockall mmap modf modff modfl ",
	" mprotect mrand48 mrand48_r mremap msync munlock munlockall munmap name_to_handle_at nan nanf nanl nanosleep ",
	" nearbyint nearbyintf nearbyintl nextafter nextafterf nextafterl nextdown nextdownf nextdownl nexttoward ",
	" nexttowardf nexttowardl nextup nextupf nextupl nice nrand48 nrand48_r nullptr obstack_printf obstack_vprintf ",
	" offsetof on_exit open open_by_handle_at open_memstream openat optarg opterr optind optopt pathconf pause pclose ",
	" perror pipe pipe2 pkey_alloc pkey_free pkey_get pkey_mprotect pkey_set popen posix_fadvise posix_fallocate ",
	" posix_madvise posix_memalign posix_openpt pow powf powl prctl pread printf prlimit process_madvise ",
	" process_mrelease profil program_invocation_name program_invocation_short_name pselect psiginfo psignal ",
	" pthread_kill pthread_sigmask pthread_sigqueue ptsname ptsname_r putc putc_unlocked putchar putchar_unlocked ",
	" putenv puts putw pwrite qecvt qecvt_r qfcvt qfcvt_r qgcvt qsort qsort_r quick_exit raise rand rand_r random ",
	" random_r rawmemchr read readahead readlink readlinkat realloc reallocarray realpath register remainder ",
	" remainderf remainderl remap_file_pages remove remquo remquof remquol rename renameat renameat2 restrict return ",
	" revoke rewind rindex rint rintf rintl rmdir round roundeven roundevenf roundevenl roundf roundl rpmatch ",
	" sa_handler sa_sigaction sbrk scalb scalbf scalbl scalbln scalblnf scalblnl scalbn scalbnf scalbnl scanf ",
	" secure_getenv seed48 seed48_r select setbuf setbuffer setdomainname setegid setenv seteuid setgid sethostid ",
	" sethostname setjmp setlinebuf setlogin setpayload setpayloadf setpayloadl setpayloadsig setpayloadsigf ",
	" setpayloadsigl setpgid setpgrp setpriority setregid setresgid setresuid setreuid setrlimit setsid setstate ",
	" setstate_r setuid setusershell setvbuf shm_open shm_unlink shmat shmctl shmdt shmget short si_addr si_addr_lsb ",
	" si_arch si_band si_call_addr si_fd si_int si_lower si_overrun si_pid si_pkey si_ptr si_status si_stime ",
	" si_syscall si_timerid si_uid si_upper si_utime si_value sigabbrev_np sigaction sigaddset sigaltstack sigandset ",
	" sigblock sigdelset sigdescr_np sigemptyset sigev_notify_attributes sigev_notify_function sigfillset siggetmask ",
	" sighold sigignore siginterrupt sigisemptyset sigismember siglongjmp sigmask signal signbit signed signgam ",
	" significand significandf significandl sigorset sigpause sigpending sigprocmask sigqueue sigrelse sigreturn ",
	" sigset sigsetjmp sigsetmask sigstack sigsuspend sigtimedwait sigwait sigwaitinfo sin sincos sincosf sincosl ",
	" sinf sinh sinhf sinhl sinl sizeof sleep snprintf splice sprintf sqrt sqrtf sqrtl srand srand48 srand48_r ",
	" srandom srandom_r sscanf ssignal st_atime st_ctime st_mtime stat statfs static static_assert statx stderr stdin ",
	" stdout stpcpy stpncpy strcasecmp strcasecmp_l strcasestr strcat strchr strchrnul strcmp strcoll strcoll_l ",
	" strcpy strcspn strdup strdupa strerror strerror_l strerror_r strerrordesc_np strerrorname_np strfromd strfromf ",
	" strfroml strfry strftime strftime_l strlen strncasecmp strncasecmp_l strncat strncmp strncpy strndup strndupa ",
	" strnlen strpbrk strptime strptime_l strrchr strsep strsignal strspn strstr strtod strtod_l strtof strtof128_l ",
	" strtof32_l strtof32x_l strtof64_l strtof64x_l strtof_l strtok strtok_r strtol strtol_l strtold strtold_l ",
	" strtoll strtoll_l strtoq strtoul strtoul_l strtoull strtoull_l strtouq struct strverscmp strxfrm strxfrm_l swab ",
	" switch symlink symlinkat sync sync_file_range syncfs sys_siglist syscall sysconf system sysv_signal tan tanf ",
	" tanh tanhf tanhl tanl tcgetpgrp tcsetpgrp tee tempnam tgamma tgammaf tgammal tgkill thread_local time timegm ",
	" timelocal timer_create timer_delete timer_getoverrun timer_gettime timer_settime timespec_get timespec_getres ",
	" timezone tmpfile tmpnam tmpnam_r toascii toascii_l tolower tolower_l totalorder totalorderf totalorderl ",
	" totalordermag totalordermagf totalordermagl toupper toupper_l towctrans towctrans_l towlower towlower_l ",
	" towupper towupper_l true trunc truncate truncf truncl ttyname ttyname_r ttyslot typedef typeof typeof_unqual ",
	" tzname tzset ualarm ufromfp ufromfpf ufromfpl ufromfpx ufromfpxf ufromfpxl uint ulong umask uname ungetc union ",
	" unix unlink unlinkat unlockpt unsetenv unsigned ushort usleep utimensat va_arg va_copy va_end va_start valloc ",
	" vasprintf vdprintf vfork vfprintf vfscanf vhangup vmsplice void volatile vprintf vscanf vsnprintf vsprintf ",
	" vsscanf wait wait3 wait4 waitid waitpid wcstombs wctomb wctrans wctrans_l wctype wctype_l while write y0 y0f ",
	" y0l y1 y1f y1l yn ynf ynl ",
};

static bool is_listed(const char *list, const char *word, size_t len)
{
	for (const char *at = list; (at = strchr(at, ' ')) != NULL; at++) {
		if (strncmp(at + 1, word, len) == 0 && at[1 + len] == ' ')
			return true;
	}
	return false;
}

/*
 * Macros are written in capitals, mostly with a _ between them, and identifiers that begin with _ are the implementation's own
 * (C17 7.1.3).  One with a _ behind it is nobody's.
 */
static bool has_reserved_form(const char *word, size_t len)
{
	bool lower = false, parts = memchr(word, '_', len) != NULL;

	for (size_t i = 0; i < len; i++)
		lower |= word[i] >= 'a' && word[i] <= 'z';
	if (word[0] == '_')
		return true;
	return word[len - 1] != '_' && ((parts && !lower) || (len > 2 && word[len - 2] == '_' && word[len - 1] == 't'));
}

bool program_reserved(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (is_listed(words[i], word, len))
			return true;
	}
	return has_reserved_form(word, len);
}
