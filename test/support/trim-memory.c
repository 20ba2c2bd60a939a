/* Loaded by Node as an add-on, each time anew: gives the free memory of the C library's heap back to the system. */
int malloc_trim(unsigned long pad);

void *napi_register_module_v1(void *env, void *exports) {
  malloc_trim(0);
  return exports;
}
