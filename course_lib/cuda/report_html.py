def html(r): return "<pre>"+str(r)+"</pre>"
