/**
 * The distribution as users get it: {@code BootIT} looks at it from inside (Pax Exam), {@code LoomdIT} and
 * {@code LoomdEndsIT} from outside (bin/loomd and bin/loom as processes). No traffic here: that is what the lab tests are for.
 */
package io.loom.itests.karaf;
