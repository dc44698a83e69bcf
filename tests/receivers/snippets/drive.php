<?php
// php drive.php SNIPPET HEADER SECRET <body: says what the snippet on the page of the guide makes of a delivery.
[, $snippet, $header, $secret] = $argv;
require $snippet;
echo verify(file_get_contents('php://stdin'), $header, $secret) ? 'accepted' : 'refused', "\n";
