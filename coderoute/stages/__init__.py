"""One name per verb of the flow; a stage never imports another stage."""
