/* Loaded by Node as an add-on, each time anew: gives the free memory of the C library's heap back to the system, and says what is
   in use of it. */
#include <malloc.h>

int napi_create_int64(void *env, long number, void **result);
int napi_set_named_property(void *env, void *object, const char *name, void *value);

void *napi_register_module_v1(void *env, void *exports) {
  malloc_trim(0);
  struct mallinfo2 info = mallinfo2();
  void *allocated;
  napi_create_int64(env, (long)(info.uordblks + info.hblkhd), &allocated);
  napi_set_named_property(env, exports, "allocated", allocated);
  return exports;
}
