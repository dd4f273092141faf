// placeholder of the first slice
